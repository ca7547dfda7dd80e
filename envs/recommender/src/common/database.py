from psycopg.rows import namedtuple_row
from psycopg_pool import ConnectionPool

MOST_CONNECTIONS = 8


def open_pool() -> ConnectionPool:
    """Connections to the database that PGHOST and the like name. Who waits for one longer than two seconds gets PoolTimeout."""
    return ConnectionPool("", min_size=2, max_size=MOST_CONNECTIONS, timeout=2, kwargs={"row_factory": namedtuple_row})


def pool_state(pool: ConnectionPool) -> dict[str, int]:
    """How often a connection was asked for, and how often none was got in time."""
    stats = pool.get_stats()
    return {"asked": stats.get("requests_num", 0), "failed": stats.get("requests_errors", 0)}

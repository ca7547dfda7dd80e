"""Makes the tables and fills them."""
from pathlib import Path

import psycopg
from data import make_data

data = make_data()
with psycopg.connect("") as connection:
    connection.execute(Path(__file__).with_name("schema.sql").read_text())
    cursor = connection.cursor()
    for table, columns, rows in (
        ("users", "id, name, email", data.users),
        ("items", "id, title, topic, popularity", data.items),
        ("likes", "user_id, item_id", sorted(data.likes)),
    ):
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    connection.execute("ANALYZE")
print(f"{len(data.users)} users, {len(data.items)} items, {len(data.likes)} likes")

import json

from redis import Redis

SECONDS = 300


class Cache:
    """Suggestions by person, for a while. Whoever changes what they are made of has to forget them."""

    def __init__(self, redis: Redis):
        self._redis = redis

    def get(self, user: int) -> list[dict] | None:
        found = self._redis.get(_key(user))
        return None if found is None else json.loads(found)

    def put(self, user: int, items: list[dict]) -> None:
        self._redis.set(_key(user), json.dumps(items), ex=SECONDS)

    def forget(self, user: int) -> None:
        self._redis.delete(_key(user))


def _key(user: int) -> str:
    return f"suggestions:{user}"

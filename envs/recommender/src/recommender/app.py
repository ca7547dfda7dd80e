"""Suggests items to people: from the cache, else scored from the database."""
import os

from flask import Flask, abort, jsonify
from psycopg.errors import ForeignKeyViolation
from redis import Redis

from common.database import open_pool, pool_state
from common.log import log
from recommender.cache import Cache
from recommender.scores import like, suggestions

app = Flask(__name__)
host, port = os.environ["REDIS"].split(":")
cache = Cache(Redis(host, int(port)))
pool = open_pool()
log("ready", service="recommender")


@app.get("/users/<int:user>")
def suggest(user: int):
    items = cache.get(user)
    if items is None:
        with pool.connection() as connection:
            items = suggestions(connection, user)
        if not items:
            abort(404)
        cache.put(user, items)
    return jsonify(items=items)


@app.post("/users/<int:user>/likes/<int:item>")
def add_like(user: int, item: int):
    try:
        with pool.connection() as connection:
            is_new = like(connection, user, item)
    except ForeignKeyViolation:
        abort(404)
    # After the commit: whoever asks in between must not put the old ones back.
    cache.forget(user)
    log("liked", user=user, item=item, new=is_new)
    return "", 204


@app.get("/pool")
def connections():
    return pool_state(pool)

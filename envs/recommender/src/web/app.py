"""The site: a page for each person with suggestions, and a page for each item."""
import os

from flask import Flask, abort, make_response
from psycopg.errors import ForeignKeyViolation

from common.database import open_pool, pool_state
from common.log import log
from web.breaker import Breaker
from web.page import home_page, item_page, person_page
from web.popular import Popular
from web.recommender import Recommender, Unavailable

SHOWN = 6

app = Flask(__name__)
pool = open_pool()
recommender = Recommender(os.environ["RECOMMENDER"], Breaker())
personal = os.environ["PERSONAL"] == "on"
log("flag", flag="personal", on=personal)


def _row(query: str, *values: object):
    with pool.connection() as connection:
        return connection.execute(query, values).fetchone()


def _most_popular() -> list[dict]:
    with pool.connection() as connection:
        rows = connection.execute("SELECT id, title FROM items ORDER BY popularity DESC, id LIMIT %s", (SHOWN,)).fetchall()
    return [{"id": row.id, "title": row.title} for row in rows]


popular = Popular(_most_popular)


def _suggestions(user: int) -> tuple[str, list[dict]]:
    """Where they come from, and the items. There are always some."""
    if not personal:
        return "popular", popular.items()
    try:
        return "personal", recommender.suggestions(user)
    except Unavailable:
        return "popular", popular.items()


@app.get("/")
def home():
    return home_page(popular.items())


@app.get("/u/<int:user>")
def person(user: int):
    found = _row("SELECT name FROM users WHERE id = %s", user)
    if found is None:
        abort(404)
    source, items = _suggestions(user)
    log("page", user=user, source=source, items=len(items))
    answer = make_response(person_page(found.name, items, "For you" if source == "personal" else "Popular now"))
    answer.headers["X-Suggestions"] = source
    return answer


@app.get("/items/<int:item>")
def item(item: int):
    found = _row("SELECT title, topic FROM items WHERE id = %s", item)
    if found is None:
        abort(404)
    return item_page(found.title, found.topic)


@app.post("/u/<int:user>/clicks/<int:item>")
def click(user: int, item: int):
    try:
        with pool.connection() as connection:
            connection.execute("INSERT INTO clicks (user_id, item_id) VALUES (%s, %s)", (user, item))
    except ForeignKeyViolation:
        abort(404)
    return "", 204


@app.post("/u/<int:user>/likes/<int:item>")
def like(user: int, item: int):
    try:
        recommender.like(user, item)
    except Unavailable:
        abort(503)
    return "", 204


@app.get("/pool")
def connections():
    """Not for the public: nginx does not let it through."""
    return pool_state(pool)

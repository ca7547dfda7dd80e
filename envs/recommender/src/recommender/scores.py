"""What is suggested to whom, from what people like."""

SHOWN = 6

# Items of the topics that a person likes come first, the more liked the sooner; then what is popular. Nothing that is liked already.
SUGGESTIONS = """
WITH taste AS (
  SELECT topic, count(*) AS liked FROM likes JOIN items ON items.id = likes.item_id WHERE user_id = %(user)s GROUP BY topic
)
SELECT id, title
FROM items LEFT JOIN taste USING (topic)
WHERE NOT EXISTS (SELECT FROM likes WHERE likes.user_id = %(user)s AND likes.item_id = items.id)
ORDER BY coalesce(liked, 0) * 1000 + popularity DESC, id
LIMIT %(shown)s
"""


def suggestions(connection, user: int) -> list[dict]:
    """The items for a person, best first. None: there is nobody of that number, or there are no items."""
    if connection.execute("SELECT FROM users WHERE id = %s", (user,)).rowcount == 0:
        return []
    rows = connection.execute(SUGGESTIONS, {"user": user, "shown": SHOWN}).fetchall()
    return [{"id": row.id, "title": row.title} for row in rows]


def like(connection, user: int, item: int) -> bool:
    """Notes that a person likes an item; False: that was known."""
    change = "INSERT INTO likes (user_id, item_id) VALUES (%s, %s) ON CONFLICT DO NOTHING"
    return connection.execute(change, (user, item)).rowcount == 1

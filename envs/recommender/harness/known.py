"""What has to be suggested to whom, and who clicks on what: from the data alone. Shares no code with the system."""
from collections import Counter
from hashlib import sha256

from db.data import Data

SHOWN = 6


def expected_suggestions(data: Data, likes: set[tuple[int, int]], user: int) -> list[int]:
    """Items by number: those of the topics that the person likes most, then by popularity; none that is liked already."""
    liked = {item for person, item in likes if person == user}
    topics = Counter(item.topic for item in data.items if item.id in liked)
    ranked = sorted(data.items, key=lambda item: (-topics[item.topic] * 1000 - item.popularity, item.id))
    return [item.id for item in ranked if item.id not in liked][:SHOWN]


class Clicks:
    """People as they click: often on what is of their favourite topic, seldom on anything else. The same each time."""

    def __init__(self, data: Data):
        self._topics = {item.id: item.topic for item in data.items}
        self._favourites = {
            user.id: Counter(self._topics[item] for person, item in data.likes if person == user.id).most_common(1)[0][0]
            for user in data.users
        }

    def on(self, user: int, item: int) -> bool:
        chance = 0.45 if self._topics[item] == self._favourites[user] else 0.08
        return int.from_bytes(sha256(f"{user}/{item}".encode()).digest()[:4], "big") / 2**32 < chance

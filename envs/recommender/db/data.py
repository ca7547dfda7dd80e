"""The people, the items and who likes what: made from a seed, the same each time."""
from random import Random
from typing import NamedTuple

SEED = 20261120
TOPICS = 12

FIRST = ("Ada", "Bela", "Cleo", "Dario", "Edda", "Falk", "Gina", "Hugo", "Ines", "Juri", "Kaja", "Levi")
# Nobody else has such names: where one of them is in a log, it is that of a person of this site.
LAST = ("Quillfeather", "Marrowby", "Thistledown", "Oxenbrook", "Pennywhistle", "Larkspurn")
ADJECTIVES = ("Silent", "Amber", "Hidden", "Distant", "Wooden", "Restless", "Paper", "Northern", "Borrowed", "Hollow")
NOUNS = ("Harbour", "Orchard", "Clock", "Letter", "Voyage", "Garden", "Mirror", "Lantern", "Bridge", "Winter")


class User(NamedTuple):
    id: int
    name: str
    email: str


class Item(NamedTuple):
    id: int
    title: str
    topic: int
    popularity: int


class Data(NamedTuple):
    users: list[User]
    items: list[Item]
    likes: set[tuple[int, int]]


def make_data(users: int = 240, items: int = 300) -> Data:
    random = Random(SEED)
    people = [_user(number) for number in range(1, users + 1)]
    things = [
        Item(number, f"The {random.choice(ADJECTIVES)} {random.choice(NOUNS)}", random.randint(1, TOPICS), random.randrange(1000))
        for number in range(1, items + 1)
    ]
    likes = set()
    for user in people:
        favourite = random.randint(1, TOPICS)
        of_topic = [thing.id for thing in things if thing.topic == favourite]
        likes.update((user.id, item) for item in random.sample(of_topic, random.randint(2, 4)))
        likes.add((user.id, random.randint(1, items)))
    return Data(people, things, likes)


def _user(number: int) -> User:
    first, last = FIRST[number % len(FIRST)], LAST[number // len(FIRST) % len(LAST)]
    return User(number, f"{first} {last}", f"{first}.{last}.{number}@mail.example".lower())

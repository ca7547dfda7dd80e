"""The recommender slow, then dead, while people go on: what they get, in an open loop."""
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from harness.site import get

# State of the link, name of the phase, seconds.
PHASES = (
    ("well", "before", 0.4),
    ("slow", "slow", 2.6),
    ("well", "mended", 2.4),
    ("dead", "dead", 1.6),
    ("well", "mended", 2.4),
)
REQUESTS_PER_SECOND = 25
# Every fifth request is for a part of the site that has nothing to do with suggestions.
ITEM_EVERY = 5
PATIENCE_SECONDS = 2.0


class Probe(NamedTuple):
    at_ms: float
    """When it was meant to start, in milliseconds since 1970."""
    request: str
    phase: str
    status: int
    source: str
    milliseconds: float


class Outage(NamedTuple):
    probes: list[Probe]
    mended_at_ms: list[float]


def set_link(state: str) -> None:
    with socket.create_connection(("link", 7001), 5) as connection:
        connection.sendall(f"{state}\n".encode())
        answer = connection.makefile().readline().strip()
    if answer != state:
        raise RuntimeError(f"the link is not {state}: {answer}")


def run_outage(users: list[int], items: list[int]) -> Outage:
    """Requests start when they are meant to, whether or not those before them were answered."""
    futures: list[Future[Probe]] = []
    mended: list[float] = []
    begun: list[str] = []

    def probe(path: str, request: str) -> Probe:
        at_ms, number = time.time() * 1000, len(begun)
        page = get(path, PATIENCE_SECONDS)
        # What began in one phase and ended in another tells of neither.
        phase = begun[-1] if number == len(begun) else "between"
        return Probe(at_ms, request, phase, page.status, page.source, page.milliseconds)

    started, at = time.monotonic(), 0.0
    try:
        with ThreadPoolExecutor(120) as people:
            for state, phase, seconds in PHASES:
                begun.append("between")
                set_link(state)
                begun.append(phase)
                if phase == "mended":
                    mended.append(time.time() * 1000)
                for _ in range(int(seconds * REQUESTS_PER_SECOND)):
                    time.sleep(max(0.0, started + at - time.monotonic()))
                    at += 1 / REQUESTS_PER_SECOND
                    number = len(futures)
                    is_item = number % ITEM_EVERY == 0
                    path = f"/items/{items[number % len(items)]}" if is_item else f"/u/{users[number % len(users)]}"
                    futures.append(people.submit(probe, path, "item" if is_item else "page"))
    finally:
        set_link("well")
    return Outage([each.result() for each in futures], mended)


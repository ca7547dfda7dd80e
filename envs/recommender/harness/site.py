"""The site as people see it: through nginx."""
import re
import time
from typing import NamedTuple

import urllib3

FRONT = urllib3.HTTPConnectionPool("front", 80, maxsize=64, block=False, retries=False)


class Page(NamedTuple):
    status: int
    """0: there was no answer in time."""
    source: str
    items: list[int]
    milliseconds: float


def page_of(user: int, seconds: float = 10) -> Page:
    return get(f"/u/{user}", seconds)


def get(path: str, seconds: float = 10) -> Page:
    started = time.monotonic()
    try:
        answer = FRONT.request("GET", path, timeout=seconds)
        status, source, text = answer.status, answer.headers.get("X-Suggestions", ""), answer.data.decode()
    except urllib3.exceptions.HTTPError:
        status, source, text = 0, "", ""
    items = [int(number) for number in re.findall(r'data-item="(\d+)"', text)]
    return Page(status, source, items, (time.monotonic() - started) * 1000)


def post(path: str) -> int:
    """The status of the answer."""
    return FRONT.request("POST", path, timeout=10).status

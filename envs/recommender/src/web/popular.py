import threading
import time
from collections.abc import Callable


class Popular:
    """What most people like: shown where nothing better is known. Asked for every `seconds` at most."""

    def __init__(self, load: Callable[[], list[dict]], seconds: float = 10, clock: Callable[[], float] = time.monotonic):
        self._load = load
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._items: list[dict] = []
        self._good_until = float("-inf")

    def items(self) -> list[dict]:
        with self._lock:
            if self._clock() >= self._good_until:
                self._items = self._load()
                self._good_until = self._clock() + self._seconds
            return self._items

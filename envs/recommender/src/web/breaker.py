import threading
import time
from collections.abc import Callable


class Breaker:
    """
    Spares a service that does not answer, and those who would wait for it.

        closed --(FAILURES in a row)--> open --(RETRY_SECONDS)--> one trial --well--> closed
                                         ^----------failed-----------'
    """

    FAILURES = 3
    RETRY_SECONDS = 0.5

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._retry_at = 0.0

    def allows(self) -> bool:
        """Whether to ask the service now. While it is open, one in RETRY_SECONDS may."""
        with self._lock:
            if self._failures < self.FAILURES:
                return True
            if self._clock() < self._retry_at:
                return False
            self._retry_at = self._clock() + self.RETRY_SECONDS
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._retry_at = self._clock() + self.RETRY_SECONDS

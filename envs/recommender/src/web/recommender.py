"""The recommender as web sees it: a service that may be slow, or not there."""
import json

import urllib3

from common.log import log
from web.breaker import Breaker

# Longer than any good answer takes, shorter than anybody waits for a page.
SECONDS = 0.8


class Unavailable(Exception):
    """The recommender gave no answer that can be used."""


class Recommender:
    def __init__(self, address: str, breaker: Breaker):
        host, port = address.split(":")
        self._http = urllib3.HTTPConnectionPool(
            host, int(port), maxsize=24, timeout=urllib3.Timeout(total=SECONDS), retries=False
        )
        self._breaker = breaker

    def suggestions(self, user: int) -> list[dict]:
        """The items for a person, best first. Unavailable: there are none to be had now."""
        return json.loads(self._ask("GET", f"/users/{user}"))["items"]

    def like(self, user: int, item: int) -> None:
        """Notes that a person likes an item. Unavailable: it was not noted."""
        self._ask("POST", f"/users/{user}/likes/{item}")

    def _ask(self, method: str, path: str) -> bytes:
        if not self._breaker.allows():
            raise Unavailable("it is spared")
        try:
            answer = self._http.request(method, path)
        except urllib3.exceptions.HTTPError as error:
            self._breaker.failed()
            log("recommender unavailable", error=type(error).__name__)
            raise Unavailable(type(error).__name__) from error
        if answer.status >= 500:
            self._breaker.failed()
            raise Unavailable(f"status {answer.status}")
        self._breaker.succeeded()
        if answer.status >= 400:
            raise Unavailable(f"status {answer.status}")
        return answer.data

import json
import urllib.error
import urllib.request

import pytest


def call(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(f"http://localhost:8000{path}", data, {"content-type": "application/json"})
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)


def test_a_transfer_keeps_the_sum():
    before = call("/accounts")
    after = call("/transfers", {"from": "ada", "to": "bob", "cents": 100})
    assert after["ada"] == before["ada"] - 100
    assert sum(after.values()) == sum(before.values())


def test_nobody_gives_what_he_does_not_have():
    before = call("/accounts")
    with pytest.raises(urllib.error.HTTPError, match="409"):
        call("/transfers", {"from": "bob", "to": "ada", "cents": 10**9})
    assert call("/accounts") == before

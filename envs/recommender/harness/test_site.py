"""People use the site, then the recommender is in trouble. What was seen is written to /results/site.json for the checks."""
import json
import os
import urllib.request
from pathlib import Path

import pytest

from db.data import make_data
from harness.known import Clicks, expected_suggestions
from harness.outage import run_outage
from harness.site import page_of, post

REPORT = Path("/results/site.json")
# Other people than those of the smoke tests.
VISITORS = range(101, 201)
FANS = range(61, 91)
CROWD = range(201, 241)


@pytest.fixture(scope="module")
def data():
    return make_data()


@pytest.fixture(scope="module")
def report():
    REPORT.unlink(missing_ok=True)
    return {"schema": "recommender.report/1", "gym_nonce": os.environ.get("GYM_NONCE", "")}


def test_people_look_and_click(data, report):
    clicks = Clicks(data)
    pages, clicked = [], []
    for user in VISITORS:
        first, again = page_of(user), page_of(user)
        pages += [first, again]
        clicked += [(user, item) for item in first.items if clicks.on(user, item)]
    assert [page.status for page in pages] == [200] * len(pages)
    assert [post(f"/u/{user}/clicks/{item}") for user, item in clicked] == [204] * len(clicked)
    report["people"] = {
        "pages": len(pages),
        "personal": sum(page.source == "personal" for page in pages),
        "shown": sum(len(page.items) for page in pages[::2]),
        "clicks": [{"user": user, "item": item} for user, item in clicked],
    }


def test_people_like_what_they_see(data, report):
    liked = []
    for user in FANS:
        seen = page_of(user).items
        item = seen[user % len(seen)]
        # Some press twice.
        times = 2 if user % 5 == 0 else 1
        assert [post(f"/u/{user}/likes/{item}") for _ in range(times)] == [204] * times
        liked.append((user, item))
        assert page_of(user).status == 200
    likes = data.likes | set(liked)
    report["known"] = {
        "likes": len(likes),
        "lists": [{"user": user, "items": expected_suggestions(data, likes, user)} for user in FANS],
    }


def test_the_recommender_is_in_trouble(data, report):
    outage = run_outage(list(CROWD), [item.id for item in data.items])
    report["probes"] = [
        {
            "atMs": probe.at_ms,
            "request": probe.request,
            "phase": probe.phase,
            "status": probe.status,
            "fallback": int(probe.source == "popular"),
            "latencyMs": probe.milliseconds,
        }
        for probe in outage.probes
    ]
    report["mendedAtMs"] = outage.mended_at_ms
    assert len(outage.probes) > 100


def test_what_is_left(report):
    report["pools"] = [{"service": service, **_pool(service)} for service in ("web", "recommender")]
    REPORT.write_text(json.dumps(report))


def _pool(service: str) -> dict[str, int]:
    with urllib.request.urlopen(f"http://{service}:8000/pool", timeout=10) as answer:
        return json.load(answer)

import json
import urllib.request


def visits():
    with urllib.request.urlopen("http://web:5000/") as answer:
        return json.load(answer)["visits"]


def test_every_visit_counts_once():
    first = visits()
    assert [visits(), visits()] == [first + 1, first + 2]

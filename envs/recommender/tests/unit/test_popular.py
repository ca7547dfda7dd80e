from web.popular import Popular


def test_it_is_asked_for_once_in_a_while():
    now = 0.0
    asked = []

    def load():
        asked.append(now)
        return [{"id": len(asked), "title": "A"}]

    popular = Popular(load, seconds=10, clock=lambda: now)
    assert popular.items() == popular.items() == [{"id": 1, "title": "A"}]
    now = 10.0
    assert popular.items() == [{"id": 2, "title": "A"}]
    assert asked == [0.0, 10.0]

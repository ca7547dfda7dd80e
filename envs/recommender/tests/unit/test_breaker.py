from web.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_asks_until_it_failed_some_times_in_a_row():
    breaker = Breaker(Clock())
    breaker.failed()
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()


def test_when_open_one_in_a_while_may_try():
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(Breaker.FAILURES):
        breaker.failed()
    clock.now = Breaker.RETRY_SECONDS
    assert [breaker.allows(), breaker.allows()] == [True, False]
    breaker.succeeded()
    assert breaker.allows()

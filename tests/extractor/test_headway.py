from __future__ import annotations

from extractor.headway import LONGEST, LOOK_AGAIN, Headway


class World:
    """A clock that sleeping turns on, and a backlog that the sinks work off."""

    def __init__(self, backlog: int, *, rate: float) -> None:
        self.now, self.asked = 0.0, 0
        self._backlog, self._rate = backlog, rate

    def backlog(self) -> int:
        self.asked += 1
        return max(0, round(self._backlog - self._rate * self.now))

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def headway(self, ahead: int) -> Headway:
        return Headway(self.backlog, ahead=ahead, clock=lambda: self.now, sleep=self.sleep)


def test_a_chunk_begins_at_once_while_the_sinks_keep_up() -> None:
    world = World(1000, rate=0)
    headway = world.headway(1000)
    for _ in range(10):
        headway.wait()
    assert (world.now, world.asked) == (0.0, 1)


def test_a_chunk_waits_until_the_sinks_have_caught_up() -> None:
    world = World(3000, rate=1000)
    world.headway(1000).wait()
    assert 2.0 <= world.now <= 2.0 + LOOK_AGAIN


def test_sinks_that_stand_still_slow_extraction_and_do_not_stop_it() -> None:
    world = World(5000, rate=0)
    headway = world.headway(1000)
    for _ in range(3):
        headway.wait()
    assert world.now == 3 * LONGEST


def test_without_a_limit_nobody_is_asked() -> None:
    world = World(5000, rate=0)
    world.headway(0).wait()
    assert (world.now, world.asked) == (0.0, 0)

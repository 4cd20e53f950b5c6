from __future__ import annotations

from loader.queue import Queue
from loader.sink import Result
from pipeline.errors import InvalidRecord
from tests.loader.making import change

NO = InvalidRecord("no", reason="refused-by-server")


def through(queue: Queue, *answers: Result) -> list[tuple[str, int]]:
    """What was sent, as (write, as_of), while the sink gave these answers."""
    sent: list[tuple[str, int]] = []
    for answer in answers:
        assert queue.head is not None
        sent.append((queue.head.write, queue.head.as_of))
        queue.settle(answer)
    assert queue.head is None
    return sent


def test_of_several_replacements_the_last_is_sent_and_the_others_are_superseded() -> None:
    queue = Queue([change("a", as_of=1), change("a", as_of=1), change("a", as_of=2)])
    assert through(queue, "written") == [("replace", 2)]
    assert queue.results == ["superseded", "superseded", "written"]


def test_an_older_one_that_comes_later_does_not_win() -> None:
    queue = Queue([change("a", as_of=5), change("a", as_of=3)])
    assert through(queue, "written") == [("replace", 5)]
    assert queue.results == ["written", "superseded"]


def test_of_equally_old_ones_the_one_that_came_last_wins() -> None:
    queue = Queue([change("a", as_of=1, gender="male"), change("a", as_of=1, gender="female")])
    assert queue.head == change("a", as_of=1, gender="female")


def test_when_the_last_is_refused_the_one_before_it_gets_its_turn() -> None:
    queue = Queue([change("a", as_of=1), change("a", as_of=2), change("a", as_of=3)])
    assert through(queue, NO, "written") == [("replace", 3), ("replace", 2)]
    assert queue.results == ["superseded", "written", NO]


def test_an_ensure_beside_a_replacement_finds_it() -> None:
    queue = Queue([change("a", write="ensure", as_of=1), change("a", as_of=1), change("a", write="ensure", as_of=1)])
    assert through(queue, "written") == [("replace", 1)]
    assert queue.results == ["superseded", "written", "exists"]


def test_of_several_ensures_the_first_is_sent() -> None:
    queue = Queue([change("a", write="ensure", as_of=1), change("a", write="ensure", as_of=2)])
    assert through(queue, "written") == [("ensure", 1)]
    assert queue.results == ["written", "exists"]


def test_a_refused_ensure_leaves_the_turn_to_the_next() -> None:
    queue = Queue([change("a", write="ensure", as_of=1), change("a", write="ensure", as_of=2)])
    assert through(queue, NO, "exists") == [("ensure", 1), ("ensure", 2)]


def test_an_ensure_after_a_delete_is_sent_after_it() -> None:
    queue = Queue([change("a", as_of=1), change("a", write="delete", as_of=2), change("a", write="ensure", as_of=2)])
    assert through(queue, "written", "written") == [("delete", 2), ("ensure", 2)]
    assert queue.results == ["superseded", "written", "written"]

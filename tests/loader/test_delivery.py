"""Bundles on their way to a server in memory that is made to answer amiss."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest

from loader.answers import Answer
from loader.delivery import Patience
from loader.fhir_client import FhirClient
from loader.hapi import HapiSink
from loader.sink import Change, Result
from pipeline.errors import InvalidRecord, Misconfigured, Unavailable
from tests.loader.making import change
from tests.loader.servers import Ask, Front, MemoryFhir, Reply, in_turn, outcome, serving

SHORT = Patience(pause=0.001, longest=0.01)
TIME_LIMIT = 0.3


@pytest.fixture
def front() -> Front:
    return Front(MemoryFhir())


@pytest.fixture
def url(front: Front) -> Iterator[str]:
    with serving(front) as base:
        yield base


@pytest.fixture
def sink(url: str) -> Iterator[HapiSink]:
    sink = HapiSink(FhirClient(url, token="t0ken", time_limit=TIME_LIMIT), bundle_size=8, parallel=2, patience=SHORT)
    yield sink
    sink.close()


def many(number: int, *, language: str = "en") -> list[Change]:
    return [change(f"r{each}", language=language) for each in range(number)]


def holds(ask: Ask, resource_id: str) -> bool:
    return any(entry["request"]["url"] == f"Patient/{resource_id}" for entry in ask.entries)


def test_no_bundle_is_larger_than_asked(front: Front, sink: HapiSink) -> None:
    assert sink.write(many(20)) == ["written"] * 20
    assert sorted(len(ask.entries) for ask in front.bundles) == [4, 8, 8]


def test_a_single_change_is_one_request_with_the_token(front: Front, sink: HapiSink) -> None:
    assert sink.write(many(1)) == ["written"]
    assert [ask.headers["Authorization"] for ask in front.asked] == ["Bearer t0ken"]


def test_no_key_is_ever_in_two_transactions_at_once_and_its_order_is_kept(front: Front, sink: HapiSink) -> None:
    under_way: list[set[str]] = []
    lock = threading.Lock()
    seen: list[str] = []

    def watch(ask: Ask) -> Reply | None:
        keys = {entry["request"]["url"].partition("-")[0] for entry in ask.entries}
        with lock:
            assert not any(keys & other for other in under_way)
            under_way.append(keys)
            seen.extend(entry["request"]["url"] for entry in ask.entries)
        reply = behind(ask)
        with lock:
            under_way.remove(keys)
        return reply

    behind = MemoryFhir()
    front.amiss = watch
    changes = [change(f"k{number % 3}-{number:03}", key=b"%d" % (number % 3)) for number in range(100)]
    assert sink.write(changes) == ["written"] * 100
    for key in "012":
        mine = [url for url in seen if url.startswith(f"Patient/k{key}-")]
        assert mine == sorted(mine)


def test_a_refused_bundle_is_halved_until_the_bad_resource_stands_alone(front: Front, sink: HapiSink) -> None:
    results = sink.write([*many(7), change("bad", language="refuse-me")])
    assert results[:7] == ["written"] * 7
    error = results[7]
    assert isinstance(error, InvalidRecord)
    assert error.reason == "refused-by-server"
    assert str(error) == ("Patient: refused by the FHIR server with HTTP 422: code-invalid at Patient.language"), (
        "the diagnostics may quote a patient"
    )
    assert error.details is not None
    assert "Mrs Jones" in error.details
    assert len(front.bundles) <= 7


def test_all_bad_ones_are_told_each(sink: HapiSink) -> None:
    results = sink.write(many(12, language="refuse-me"))
    assert all(isinstance(result, InvalidRecord) for result in results)


@pytest.mark.parametrize("status", [409, 412, 429, 500, 502, 503, 504])
def test_trouble_that_passes_is_waited_for(front: Front, sink: HapiSink, status: int) -> None:
    front.amiss = in_turn(Reply(status), Reply(status))
    assert sink.write(many(8)) == ["written"] * 8


def test_a_connection_that_breaks_is_made_again(front: Front, sink: HapiSink) -> None:
    front.amiss = in_turn(Reply(0, drop=True))
    assert sink.write(many(3)) == ["written"] * 3


def test_a_flaky_server_gets_everything_in_the_end(front: Front, sink: HapiSink) -> None:
    turn = itertools.count()
    front.amiss = lambda ask: Reply(500) if ask.is_bundle and next(turn) % 3 == 0 else None
    assert sink.write(many(60)) == ["written"] * 60


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(front: Front, sink: HapiSink, status: int) -> None:
    front.amiss = lambda ask: Reply(status, headers={"Retry-After": "7"}) if ask.is_bundle else None
    with pytest.raises(Unavailable) as raised:
        sink.write(many(1))
    assert raised.value.retry_after == 7
    assert len(front.bundles) == 1


def test_a_server_that_stays_busy_makes_no_dead_letters(front: Front, sink: HapiSink) -> None:
    front.amiss = lambda ask: Reply(429) if ask.is_bundle else None
    for _ in range(10):
        with pytest.raises(Unavailable):
            sink.write(many(1))


def test_a_server_that_is_unwell_makes_no_dead_letters(front: Front, sink: HapiSink) -> None:
    front.amiss = lambda _: Reply(500)
    for _ in range(30):
        with pytest.raises(Unavailable, match="HTTP 500"):
            sink.write(many(1))


def test_a_resource_that_always_fails_while_others_pass_is_given_up_after_five_tries(
    front: Front, sink: HapiSink
) -> None:
    front.amiss = lambda ask: Reply(500, outcome("exception")) if holds(ask, "r3") else None
    results = sink.write(many(8))
    assert [result for result in results if result == "written"] == ["written"] * 7
    error = results[3]
    assert isinstance(error, InvalidRecord)
    assert str(error) == "Patient: refused by the FHIR server with HTTP 500: exception"
    assert sum(len(ask.entries) == 1 and holds(ask, "r3") for ask in front.bundles) == 5


def test_a_server_that_reads_but_writes_nothing_is_not_well(front: Front, sink: HapiSink) -> None:
    front.amiss = lambda ask: Reply(500) if ask.is_bundle else None
    with pytest.raises(Unavailable, match="to a single Patient"):
        sink.write(many(16))


def test_a_server_is_never_asked_to_try_a_transaction_again_by_itself(front: Front, sink: HapiSink) -> None:
    sink.write(many(16))
    assert front.bundles
    assert not any("X-Retry-On-Version-Conflict" in ask.headers for ask in front.bundles)


def test_a_lone_resource_that_always_fails_is_given_up_in_the_end_even_without_others(
    front: Front, sink: HapiSink
) -> None:
    front.amiss = lambda ask: Reply(409, outcome("conflict")) if ask.is_bundle else None
    for _ in range(4):
        with pytest.raises(Unavailable):
            sink.write(many(1))
    (result,) = sink.write(many(1))
    assert isinstance(result, InvalidRecord)


def test_a_resource_that_always_takes_too_long_is_given_up_after_five_calls(front: Front, sink: HapiSink) -> None:
    front.amiss = lambda ask: Reply(0, hang=TIME_LIMIT * 1.5) if holds(ask, "r3") else None
    for _ in range(4):
        with pytest.raises(Unavailable, match="no answer in time"):
            sink.write(many(8))
    results = sink.write(many(8))
    assert isinstance(results[3], InvalidRecord)
    assert [result for result in results if result == "written"] == ["written"] * 7


def test_a_server_that_is_down_is_unavailable_at_once(front: Front) -> None:
    with serving(front) as base:
        pass
    sink = HapiSink(FhirClient(base, token=None, time_limit=TIME_LIMIT), bundle_size=8, parallel=2, patience=SHORT)
    with pytest.raises(Unavailable, match="no connection"):
        sink.write(many(30))
    sink.close()


@pytest.mark.parametrize(("status", "what"), [(401, "FHIR_API_TOKEN"), (403, "FHIR_API_TOKEN"), (404, "FHIR_API_URL")])
def test_a_server_that_does_not_want_us_stops_the_worker(front: Front, sink: HapiSink, status: int, what: str) -> None:
    front.amiss = lambda ask: Reply(status, b"go away") if ask.is_bundle else None
    with pytest.raises(Misconfigured, match=what) as raised:
        sink.write(many(30))
    assert "t0ken" not in str(raised.value)


def test_after_one_lane_fails_the_others_send_no_more(front: Front, sink: HapiSink) -> None:
    front.amiss = lambda ask: Reply(401) if ask.is_bundle else None
    with pytest.raises(Misconfigured):
        sink.write(many(400))
    assert len(front.bundles) <= 4


def test_a_worker_that_was_stopped_for_longer_than_its_session_sends_nothing_more(front: Front, url: str) -> None:
    asleep = Patience(pause=0.001, longest=0.01, asleep=-1.0)
    sink = HapiSink(FhirClient(url, token=None, time_limit=TIME_LIMIT), bundle_size=8, parallel=1, patience=asleep)
    with pytest.raises(Unavailable, match="longer than its session"):
        sink.write(many(1))
    assert front.bundles == []
    sink.close()


def test_an_ensure_of_what_others_made_meanwhile_finds_it_after_the_conflict(front: Front, sink: HapiSink) -> None:
    first = True

    def race(ask: Ask) -> Reply | None:
        nonlocal first
        if ask.path.endswith("_search") and first:
            first = False
            reply = behind(ask)
            other = HapiSink(
                FhirClient(other_url, token=None, time_limit=TIME_LIMIT), bundle_size=8, parallel=1, patience=SHORT
            )
            other.write([change("r0", gender="female")])
            other.close()
            return reply
        return behind(ask)

    behind = MemoryFhir()
    front.amiss = race
    with serving(Front(behind)) as other_url:
        results: list[Result] = list(sink.write([change("r0", write="ensure"), change("r1")]))
    assert results == ["exists", "written"]


def test_an_ensure_that_was_found_once_is_not_looked_up_again(front: Front, sink: HapiSink) -> None:
    sink.write([change("a", write="ensure")])
    asked = len(front.asked)
    assert sink.write([change("a", write="ensure")]) == ["exists"]
    assert len(front.asked) == asked


def test_what_was_written_before_the_trouble_is_remembered(front: Front, url: str) -> None:
    sink = HapiSink(FhirClient(url, token=None, time_limit=TIME_LIMIT), bundle_size=1, parallel=1, patience=SHORT)
    front.amiss = in_turn(None, *[Reply(503)] * 20)
    with pytest.raises(Unavailable):
        sink.write([change("a", as_of=5), change("b", as_of=5)])
    front.amiss = lambda _: None
    assert sink.write([change("a", as_of=4)]) == ["superseded"]
    sink.close()


def test_a_pause_grows_within_its_bounds() -> None:
    patience = Patience(pause=1, longest=5)
    assert 0.5 <= patience.before(2) <= 1
    assert 1 <= patience.before(3) <= 2
    assert 2.5 <= patience.before(9) <= 5


def test_an_answer_says_what_came_in_its_place() -> None:
    assert (Answer(503).said, Answer(None, trouble="no connection").said) == ("HTTP 503", "no connection")


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"entry":[7]}', b'{"entry":[{"resource":{}}]}'])
def test_a_search_that_no_fhir_server_would_answer_so_stops_the_worker(
    front: Front, sink: HapiSink, answer: bytes
) -> None:
    front.amiss = lambda ask: Reply(200, answer) if ask.path.endswith("_search") else None
    with pytest.raises(Misconfigured, match="check FHIR_API_URL"):
        sink.write([change("a", write="ensure")])


def test_nothing_of_a_resource_gets_into_logs_or_sentences(
    front: Front, sink: HapiSink, capfd: pytest.CaptureFixture[str]
) -> None:
    front.amiss = in_turn(Reply(500, outcome(diagnostics="Jones")), Reply(503), Reply(409))
    changes = [change(f"r{number}", language="refuse-me", name=[{"family": "Jones"}]) for number in range(12)]
    results = sink.write(changes)
    written = "".join(capfd.readouterr())
    assert "a bundle goes in parts" in written
    assert "Jones" not in written
    assert not any("Jones" in str(result) or "r1" in str(result) for result in results)

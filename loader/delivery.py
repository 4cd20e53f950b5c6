"""One call's bundles on their way: tried again, halved, given up.

    accepted                     all of it is written
    refused (400, 422…)          halved, until what the server refuses stands alone
    passing (409, 5xx, resets)   tried again, with growing pauses; if the server is well meanwhile, halved
    no answer in time            the server may still be at it: each resource is sent alone
    busy (429, 503), unwell      Unavailable: the worker holds its partitions and comes again

A resource that fails alone for no reason of the server's own is given up after five tries.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Final

from loader.answers import Answer, Verdict, refusal, verdict
from loader.bundles import Chain, bundle
from loader.fhir_client import FhirClient
from loader.sink import Change, Name, Result
from pipeline import logs
from pipeline.errors import Unavailable

TRIES: Final = 5  # of a lone resource, before it is given up
BUNDLE_TRIES: Final = 3  # of several, before they are halved

_log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds.

    `pause` before the second try, twice that before the third, and so on up to `longest`; each is cut by
    chance to as little as half. Past `asleep` since the last request somebody else may have our partitions.
    """

    pause: float = 0.2
    longest: float = 2.0
    asleep: float = 10.0

    def before(self, attempt: int) -> float:
        """The pause before the given try, counted from 1."""
        grown: float = self.pause * 2 ** (attempt - 2)
        return min(self.longest, grown) * random.uniform(0.5, 1.0)  # noqa: S311


class Delivery:
    """The bundles of one `write`. `results` holds what is known, by resource; chains may run side by side.

    `strikes` outlives the call: how often a resource failed alone, for no reason of the server's own.
    """

    def __init__(
        self,
        client: FhirClient,
        patience: Patience,
        *,
        strikes: MutableMapping[Name, int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.results: dict[Name, Result] = {}
        self._client = client
        self._patience = patience
        self._strikes = strikes
        self._clock = clock
        self._failing: dict[Name, Answer] = {}
        self._stopped = threading.Event()
        self._accepted = False
        self._last_sign = clock()

    def run(self, chain: Chain) -> None:
        """Send the bundles of a chain, in order, until the end or until another chain's error.

        Raises Unavailable, Misconfigured.
        """
        try:
            for changes in chain:
                if self._stopped.is_set():
                    return
                self._deliver(changes)
        except BaseException:
            self._stopped.set()
            raise

    def finish(self) -> None:
        """After all chains: give up what failed alone too often. Raises Unavailable for what did not yet.

        A server that takes nothing from anybody is not well, whatever it answers to a read: then a resource
        has to fail in five such calls.
        """
        limit = TRIES if self._accepted else TRIES * TRIES
        waiting = [name for name in self._failing if self._strikes[name] < limit]
        if waiting:
            answer = self._failing[waiting[0]]
            raise self._unavailable(answer, f"to a single {waiting[0][0]}, which will be tried again")
        for name, answer in self._failing.items():
            self._settle(name, refusal(name[0], answer))

    def _deliver(self, changes: Sequence[Change]) -> None:
        """Send changes as one transaction, or in parts if it must be."""
        left, answer = self._persist(changes)
        if answer is None:
            return
        passing = verdict(answer) is Verdict.PASSING
        if passing:
            self._hold_unless_well(answer)
        if len(left) == 1:
            if passing:
                self._failing[left[0].name] = answer
            else:
                self._settle(left[0].name, refusal(left[0].type, answer))
            return
        _log.info("a bundle goes in parts", size=len(left), status=answer.status)
        for part in [[change] for change in left] if answer.timed_out else _halves(left):
            if not self._stopped.is_set():
                self._deliver(part)

    def _persist(self, changes: Sequence[Change]) -> tuple[Sequence[Change], Answer | None]:
        """Try a transaction until it is accepted, or there is no point: what is left then, and the answer."""
        attempt = 0
        while True:
            attempt += 1
            versions = self._look_up(changes, again=attempt > 1)
            changes = [change for change in changes if change.name not in self.results]
            if not changes:
                return (), None
            answer = self._send(bundle(changes, versions))
            what = verdict(answer)
            if what is Verdict.ACCEPTED:
                self._accepted = True
                for change in changes:
                    self._settle(change.name, "written")
                return (), None
            if what is Verdict.DENIED:
                raise self._client.denied(answer)
            if what is Verdict.REFUSED or not self._try_again(changes, attempt, answer):
                return changes, answer

    def _try_again(self, changes: Sequence[Change], attempt: int, answer: Answer) -> bool:
        """Whether to try once more after passing trouble; pauses if so."""
        if len(changes) == 1:
            name = changes[0].name
            self._strikes[name] = self._strikes.get(name, 0) + 1
        # After a time-out the server may be still at it: no second helping in this call.
        if answer.timed_out or attempt >= (TRIES if len(changes) == 1 else BUNDLE_TRIES):
            return False
        pause = self._patience.before(attempt + 1)
        if answer.retry_after is not None:
            if answer.retry_after > self._patience.longest:
                return False
            pause = max(pause, answer.retry_after)
        # Another chain's error ends the pause, and then this one too.
        return not self._stopped.wait(pause)

    def _hold_unless_well(self, answer: Answer) -> None:
        """Raises Unavailable when the trouble is the server's, not the resource's."""
        if self._stopped.is_set() or answer.busy or not self._client.is_well():
            raise self._unavailable(answer, "to a bundle")

    def _unavailable(self, answer: Answer, to: str) -> Unavailable:
        sentence = f"FHIR server at {self._client.url}: {answer.said} {to}"
        return Unavailable(sentence, retry_after=answer.retry_after)

    def _send(self, body: bytes) -> Answer:
        now = self._clock()
        if now - self._last_sign > self._patience.asleep:
            raise Unavailable("this worker was stopped for longer than its session: its records may be another's now")
        self._last_sign = now
        return self._client.transact(body)

    def _look_up(self, changes: Sequence[Change], *, again: bool) -> dict[Name, str]:
        """Settle every `ensure` that is there already; for the others, the version each must replace."""
        by_type: dict[str, list[str]] = {}
        for change in changes:
            if change.write == "ensure":
                by_type.setdefault(change.type, []).append(change.id)
        versions: dict[Name, str] = {}
        for resource_type, ids in by_type.items():
            found = self._client.versions(resource_type, ids, after_conflict=again)
            for resource_id, version in found.items():
                if version is None:
                    self._settle((resource_type, resource_id), "exists")
                else:
                    versions[resource_type, resource_id] = version
        return versions

    def _settle(self, name: Name, result: Result) -> None:
        self.results[name] = result
        self._strikes.pop(name, None)


def _halves(changes: Sequence[Change]) -> tuple[Sequence[Change], Sequence[Change]]:
    middle = len(changes) // 2
    return changes[:middle], changes[middle:]

"""The feed of a hospital: the stories of all its patients, interleaved in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from hl7v2.generate.hospital import Hospital
from hl7v2.generate.messages import BUILDERS, Envelope
from hl7v2.generate.stories import Send, Story, new_person, treatment

MESSAGE_TYPES: Final = tuple(sorted(BUILDERS))
START: Final = datetime(2026, 1, 5, 6, 0)  # by the clock on the wall
ARRIVAL_MINUTES: Final = 6.0  # between two patients, on average


def messages(*, seed: int = 0, types: Collection[str] = MESSAGE_TYPES, start: datetime = START) -> Iterator[bytes]:
    """Messages of `types` (`ADT_A04`: type and trigger event) without end, in the order of time from `start` on.

    The same seed gives the same messages. Patients' stories go on whatever the types: a discharge names the bed that
    a transfer, wanted or not, brought the patient to. Each message is valid by version 2.5.1 of the standard, in
    UTF-8. Raises ValueError where `types` is empty or has one that there is not.
    """
    unknown = sorted(set(types) - set(MESSAGE_TYPES))
    if unknown or not types:
        named = f"no messages of type {', '.join(unknown)} can be made" if unknown else "no type of messages is named"
        raise ValueError(f"{named}: choose from {', '.join(MESSAGE_TYPES)}")
    return _Feed(Hospital(seed, start), seed).run(frozenset(types))


class _Feed:
    """A queue of stories, each with the time when it goes on."""

    def __init__(self, hospital: Hospital, seed: int) -> None:
        self._hospital = hospital
        self._prefix = f"{seed & 0xFFFF:04X}"  # two feeds of different seeds can be mixed
        self._queue: list[tuple[datetime, int, Story]] = []
        self._put = self._sent = 0

    def run(self, types: frozenset[str]) -> Iterator[bytes]:
        self._goes_on(self._arrivals(), timedelta())
        while True:
            self._hospital.now, _, story = heapq.heappop(self._queue)
            for step in story:
                if isinstance(step, timedelta):
                    self._goes_on(story, step)
                    break
                if step.message_type in types:
                    yield self._message(step)

    def _arrivals(self) -> Story:
        hospital = self._hospital
        while True:
            patient = hospital.returning() if hospital.chance(0.4) else None
            self._goes_on(treatment(hospital, patient) if patient else new_person(hospital), timedelta())
            yield timedelta(seconds=1 + round(hospital.random.expovariate(1 / (60 * ARRIVAL_MINUTES))))

    def _goes_on(self, story: Story, after: timedelta) -> None:
        self._put += 1  # stories that go on at one time do so in the order that they were put
        heapq.heappush(self._queue, (self._hospital.now + after, self._put, story))

    def _message(self, step: Send) -> bytes:
        self._sent += 1
        envelope = Envelope(f"{self._prefix}{self._sent:010d}", self._hospital.now)
        lines = BUILDERS[step.message_type](envelope, *step.about)
        return "".join(f"{line}\r" for line in lines).encode()

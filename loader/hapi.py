"""The FHIR server as a sink: transactions of PUT by id, some side by side. Written for HAPI FHIR 8.8, and
made of nothing but FHIR's own interactions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from loader.bundles import chains, waves
from loader.delivery import Delivery, Patience
from loader.fhir_client import FhirClient
from loader.lanes import Lanes
from loader.recent import Recent
from loader.references import shortcoming
from loader.sink import Change, Name, Result
from pipeline import logs
from pipeline.errors import Unavailable

_STRIKES = 10_000  # resources whose failures are remembered

_log = logs.get(__name__)


class HapiSink:
    """A FHIR server, written by up to `parallel` transactions of up to `bundle_size` resources at once.

    Fulfils `loader.sink.Sink`, with what one writer can know: older over newer, and an `ensure` over what is
    there, are kept from by what it remembers having written, and by versions where it has to look.
    """

    def __init__(
        self,
        client: FhirClient,
        *,
        bundle_size: int,
        parallel: int,
        patience: Patience,
        recent: Recent | None = None,
        check_references: bool = False,
    ) -> None:
        self._client = client
        self._bundle_size = bundle_size
        self._parallel = parallel
        self._patience = patience
        self._recent = Recent() if recent is None else recent
        self._strikes: dict[Name, int] = {}
        self._unchecked = check_references
        self._lanes = Lanes(parallel, name="bundle")

    def close(self) -> None:
        """Let go of the threads and their connections."""
        self._lanes.close()

    def check_references(self) -> None:
        """Warn, in one sentence and once, of a server that cannot take references ahead of their target.

        A server that does not answer now is asked again after the first write. Raises Misconfigured when it
        takes nothing at all from us.
        """
        if not self._unchecked:
            return
        try:
            sentence = shortcoming(self._client)
        except Unavailable:
            return
        self._unchecked = False
        if sentence is not None:
            _log.warning("references", url=self._client.url, sentence=sentence)

    def write(self, changes: Sequence[Change]) -> Sequence[Result]:
        """As the sink's contract says."""
        results = {change.name: known for change in changes if (known := self._known(change)) is not None}
        left = [change for change in changes if change.name not in results]
        delivery = Delivery(self._client, self._patience, strikes=self._strikes)
        try:
            self._run(delivery, left)
            delivery.finish()
        finally:
            # What is written stays written, whatever became of the rest.
            self._remember(left, delivery)
        self.check_references()
        results |= delivery.results
        return [results[change.name] for change in changes]

    def _known(self, change: Change) -> Result | None:
        """The answer to a change that needs no server."""
        if change.write == "ensure":
            return "exists" if self._recent.present(change.name) else None
        return "superseded" if self._recent.newer_than(change.name, change.as_of) else None

    def _run(self, delivery: Delivery, changes: Sequence[Change]) -> None:
        for wave in waves(changes):
            packed = chains(wave, size=self._bundle_size, lanes=self._parallel, alone=self._strikes)
            self._lanes.run([partial(delivery.run, chain) for chain in packed])

    def _remember(self, changes: Sequence[Change], delivery: Delivery) -> None:
        for change in changes:
            result = delivery.results.get(change.name)
            if result == "written":
                self._recent.wrote(change.name, change.as_of, present=change.write != "delete")
            elif result == "exists":
                self._recent.found(change.name)
        while len(self._strikes) > _STRIKES:
            del self._strikes[next(iter(self._strikes))]

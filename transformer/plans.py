"""Plans, each compiled once: kept by the hash of its mapping and the resource, as many as fit the limit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from mapping import document
from mapping.mistakes import InvalidMapping
from mapping.r4 import Definitions
from pipeline.errors import InvalidRecord
from transformer.compile import compile_resource
from transformer.plan import Plan
from transformer.resource_check import ResourceChecks
from transformer.scripts import Scripts

LIMIT = 256  # plans; one takes some hundred kB, most of it the concept maps


class Plans:
    """Compiles what records ask for. One thread at a time."""

    def __init__(
        self, fetch: Callable[[str], bytes], *, definitions: Definitions, scripts: Scripts, limit: int = LIMIT
    ) -> None:
        """`fetch` gives the canonical document of a mapping by its hash, as `pipeline.api_client` does."""
        self._fetch = fetch
        self._definitions = definitions
        self._checks = ResourceChecks(definitions)
        self._scripts = scripts
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str], Plan | InvalidMapping] = OrderedDict()

    def of(self, mapping_hash: str, resource_id: str) -> Plan:
        """The plan of a resource of a frozen mapping.

        Raises InvalidMapping where it cannot be compiled, with all mistakes; InvalidRecord
        (`unknown-mapping`, `unknown-resource`); and what `fetch` raises when it gets no answer.
        """
        key = (mapping_hash, resource_id)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._compile(mapping_hash, resource_id)
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        if isinstance(found, InvalidMapping):
            raise found.with_traceback(None)
        return found

    def _compile(self, mapping_hash: str, resource_id: str) -> Plan | InvalidMapping:
        frozen = self._fetch(mapping_hash)
        try:
            mapping = document.load(frozen)
            resource = mapping.resource(resource_id)
            if resource is None:
                sentence = f"mapping {mapping_hash[:12]} has no resource of this record's resource_id"
                raise InvalidRecord(sentence, reason="unknown-resource")
            return compile_resource(
                mapping, resource, definitions=self._definitions, checks=self._checks, scripts=self._scripts
            )
        except InvalidMapping as error:
            # Kept as well: its other records need not find the same mistakes again.
            return error

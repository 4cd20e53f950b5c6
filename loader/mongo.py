"""MongoDB as a sink: a collection a resource type, a document a resource.

    {_id: "<id>", resource: {…}, firth: {batch_id, resource_id, as_of, loaded_at}}

What Firth adds for its own use stands beside the resource, never in it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeAlias

import bson
import orjson
from bson.errors import BSONError
from pymongo import DeleteOne, MongoClient, ReplaceOne, UpdateOne, WriteConcern
from pymongo.collection import Collection
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DocumentTooLarge,
    OperationFailure,
    PyMongoError,
)

from loader.documents import document
from loader.lanes import Lanes
from loader.recent import Recent
from loader.sink import Change, Name, Result
from pipeline.errors import InvalidRecord, Misconfigured, Unavailable

Document: TypeAlias = dict[str, Any]
_Operation: TypeAlias = ReplaceOne[Document] | UpdateOne | DeleteOne

BULK: Final = 100  # changes; measured: larger ones are slower
TRIES: Final = 5  # of a change that fails for a reason that we don't know, before it is given up

_PARALLEL: Final = 2  # bulks at once: one is made ready while the server is at the other

_DOCUMENT_BYTES: Final = 16 * 1024 * 1024
_MEASURED: Final = 1024 * 1024  # bytes of JSON; smaller ones cannot grow beyond the limit as BSON
_DUPLICATE: Final = 11000
_DENIED: Final = frozenset({13, 18})  # not authorised, authentication failed
# BadValue, FailedToParse, Overflow, InvalidBSON, DollarPrefixedFieldName, EmptyFieldName, DottedFieldName,
# DocumentValidationFailure, and documents or keys that are too large.
_INVALID: Final = frozenset({2, 9, 15, 22, 52, 56, 57, 121, 10334, 17280, 17419, 17420})
_UNENCODABLE: Final = (BSONError, DocumentTooLarge, OverflowError, UnicodeError, RecursionError)


def connect(url: str, *, time_limit: float, ca_location: str | None = None) -> MongoClient[Document]:
    """A client whose every operation ends within `time_limit` seconds. Connects on first use.

    Raises Misconfigured for an address that cannot be read.
    """
    tls: dict[str, Any] = {} if ca_location is None else {"tls": True, "tlsCAFile": ca_location}
    try:
        with warnings.catch_warnings():
            # An option that it cannot read (tls=maybe) would only be warned of, and left out.
            warnings.simplefilter("error")
            return MongoClient(
                url,
                appname="firth-loader",
                timeoutMS=int(time_limit * 1000),
                serverSelectionTimeoutMS=int(time_limit * 1000),
                connect=False,
                **tls,
            )
    except (PyMongoError, ValueError, Warning) as error:
        raise Misconfigured(f"MONGODB_URL cannot be used ({type(error).__name__})") from None


class MongoSink:
    """A MongoDB database. Fulfils `loader.sink.Sink`; older over newer is kept from by a condition on every
    write, so for any number of writers. After a delete nothing is left to compare with: then what this
    writer remembers has to do.
    """

    def __init__(
        self,
        client: MongoClient[Document],
        database: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        recent: Recent | None = None,
    ) -> None:
        # A write that only one of several servers has may be lost with it, after we said that it is there.
        self._database = client.get_database(database, write_concern=WriteConcern(w="majority"))
        self._now = now
        self._deleted = Recent() if recent is None else recent
        self._strikes: dict[Name, int] = {}
        self._lanes = Lanes(_PARALLEL, name="bulk")

    def close(self) -> None:
        """Let go of the threads; the client is its maker's to close."""
        self._lanes.close()

    def write(self, changes: Sequence[Change]) -> Sequence[Result]:
        """As the sink's contract says."""
        by_type: dict[str, list[Change]] = {}
        for change in changes:
            by_type.setdefault(change.type, []).append(change)
        loaded_at = self._now()
        bulks = [
            partial(self._bulk, self._database[collection], of_type[start : start + BULK], loaded_at)
            for collection, of_type in by_type.items()
            for start in range(0, len(of_type), BULK)
        ]
        results: dict[Name, Result] = {}
        for done in self._lanes.run(bulks):
            results |= done
        for change in changes:
            if change.write == "delete" and results[change.name] == "written":
                self._deleted.wrote(change.name, change.as_of, present=False)
        return [results[change.name] for change in changes]

    def _bulk(
        self, collection: Collection[Document], changes: Sequence[Change], loaded_at: datetime
    ) -> dict[Name, Result]:
        """Make up to BULK changes, in any order, for each is of a resource of its own."""
        results: dict[Name, Result] = {}
        pairs: list[tuple[Change, _Operation]] = []
        for change in changes:
            try:
                operation = self._operation(change, loaded_at)
            except InvalidRecord as error:
                results[change.name] = error
                continue
            if operation is None:
                results[change.name] = "superseded"
            else:
                pairs.append((change, operation))
        return results | self._send(collection, pairs) if pairs else results

    def _operation(self, change: Change, loaded_at: datetime) -> _Operation | None:
        """The change as MongoDB is asked for it; None if we deleted the resource later than that.

        Raises InvalidRecord for a body that no document can hold.
        """
        not_newer = {"_id": change.id, "firth.as_of": {"$lte": change.as_of}}
        if change.write == "delete":
            return DeleteOne(not_newer)
        if change.write == "replace" and self._deleted.newer_than(change.name, change.as_of):
            return None
        beside = {
            "batch_id": change.batch_id,
            "resource_id": change.resource_id,
            "as_of": change.as_of,
            "loaded_at": loaded_at,
        }
        whole = {"resource": document(change.body), "firth": beside}
        if len(change.body) > _MEASURED:
            _measure(whole)
        if change.write == "ensure":
            return UpdateOne({"_id": change.id}, {"$setOnInsert": whole}, upsert=True)
        # With a newer one in place the filter finds nothing, and the insert then finds the id taken.
        return ReplaceOne(not_newer, whole, upsert=True)

    def _send(self, collection: Collection[Document], pairs: Sequence[tuple[Change, _Operation]]) -> dict[Name, Result]:
        try:
            said = collection.bulk_write([operation for _, operation in pairs], ordered=False).bulk_api_result
        except BulkWriteError as error:
            said = dict(error.details)
        except _UNENCODABLE as error:
            # One of them, which one it does not say.
            if len(pairs) == 1:
                return {pairs[0][0].name: _unwritable(pairs[0][0], type(error).__name__)}
            middle = len(pairs) // 2
            return self._send(collection, pairs[:middle]) | self._send(collection, pairs[middle:])
        except PyMongoError as error:
            raise _trouble(error) from None
        if said.get("writeConcernErrors"):
            raise Unavailable("MongoDB: the write did not reach enough servers yet")
        return self._results(collection, [change for change, _ in pairs], said)

    def _results(
        self, collection: Collection[Document], changes: Sequence[Change], said: Mapping[str, Any]
    ) -> dict[Name, Result]:
        """What became of each change of a bulk. Raises Unavailable, Misconfigured."""
        upserted = {each["index"] for each in said.get("upserted", ())}
        results: dict[Name, Result] = {
            change.name: "exists" if change.write == "ensure" and at not in upserted else "written"
            for at, change in enumerate(changes)
        }
        for error in said.get("writeErrors", ()):
            change = changes[error["index"]]
            results[change.name] = self._failed(change, error)
        for change in changes:
            self._strikes.pop(change.name, None)

        deletes = [change for change in changes if change.write == "delete"]
        if deletes:
            # The bulk says how many it deleted, not which. What is still there is newer.
            ids = {"_id": {"$in": [change.id for change in deletes]}}
            try:
                kept = {each["_id"] for each in collection.find(ids, {"_id": 1})}
            except PyMongoError as error:
                raise _trouble(error) from None
            results |= {change.name: "superseded" for change in deletes if change.id in kept}
        return results

    def _failed(self, change: Change, error: Mapping[str, Any]) -> Result:
        """What an error of a single change means. Raises Unavailable for what may pass, Misconfigured."""
        code = error.get("code")
        if code == _DUPLICATE:
            return "exists" if change.write == "ensure" else "superseded"
        if code in _DENIED:
            raise Misconfigured(f"MongoDB: not allowed to write (code {code}): check the user of MONGODB_URL")
        if code not in _INVALID:
            strikes = self._strikes[change.name] = self._strikes.get(change.name, 0) + 1
            if strikes < TRIES:
                raise Unavailable(f"MongoDB: code {code} to a single {change.type}, which will be tried again")
            del self._strikes[change.name]
        details = orjson.dumps({"code": code, "message": str(error.get("errmsg", ""))}).decode()
        return InvalidRecord(
            f"{change.type}: refused by MongoDB with code {code}", reason="refused-by-server", details=details
        )


def _measure(whole: Document) -> None:
    """Raises InvalidRecord if the document is larger than MongoDB takes: some servers just hang up."""
    try:
        size = len(bson.encode(whole))
    except _UNENCODABLE:
        return  # said again, and told, when it is sent
    if size > _DOCUMENT_BYTES:
        raise InvalidRecord("the resource is larger than the 16 MiB of a MongoDB document", reason="too-large")


def _unwritable(change: Change, why: str) -> InvalidRecord:
    return InvalidRecord(f"{change.type}: no MongoDB document can hold it ({why})", reason="unwritable")


def _trouble(error: PyMongoError) -> Unavailable | Misconfigured:
    """A client's error as one of ours. Its own text may quote what was sent, or the address."""
    if isinstance(error, ConnectionFailure):
        return Unavailable(f"MongoDB: {type(error).__name__}: is it running, and is MONGODB_URL right?")
    if isinstance(error, OperationFailure):
        if error.code in _DENIED:
            return Misconfigured(f"MongoDB: not allowed in (code {error.code}): check the user of MONGODB_URL")
        return Unavailable(f"MongoDB: code {error.code}")
    if error.timeout:
        return Unavailable("MongoDB: no answer in time")
    return Misconfigured(f"MongoDB: {type(error).__name__}: check MONGODB_URL")

"""The stage: `extract` events in, `transform` events out. Knows nothing of Kafka."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from mapping.mistakes import InvalidMapping
from pipeline.codec import Codec
from pipeline.errors import InvalidRecord
from pipeline.events import Extracted, Transformed
from pipeline.live import topic_of
from pipeline.records import BATCH_ID, RESOURCE_ID, Count, Headers, Outcome, Produced, Record, Refusal
from pipeline.topics import TRANSFORM
from transformer.plans import Plans


def transform(records: Sequence[Record], *, plans: Plans, codec: Codec) -> Outcome:
    """Make of each record the resources that its mapping says.

    A record that cannot be mapped is refused. One whose mapping cannot be compiled is cancelled, and its
    resource gets a fault that names the mistakes: the record is sound, and a dead letter for each would bury
    the one thing to mend. A live row is refused then, too, for it would not come again. Raises Unavailable and
    Misconfigured as fetching a mapping does.
    """
    outcome = Outcome()
    succeeded: Counter[tuple[str, str]] = Counter()
    cancelled: Counter[tuple[str, str]] = Counter()
    faults: dict[tuple[str, str], str] = {}
    for record in records:
        try:
            event = codec.decode(Extracted, record.value)
            where = (event.batch_id, event.resource_id)
            produced = transform_one(event, record.key, plans=plans, codec=codec)
        except InvalidRecord as error:
            outcome.refused.append(Refusal(record, error))
        except InvalidMapping as error:
            sentence = f"the mapping has mistakes: {error}"
            if topic_of(event.batch_id) is not None:
                outcome.refused.append(Refusal(record, InvalidRecord(sentence, reason="invalid-mapping")))
            else:
                cancelled[where] += 1
                faults[where] = sentence
        else:
            outcome.produced.append(produced)
            succeeded[where] += 1
    outcome.counts += [Count(*where, succeeded=number) for where, number in succeeded.items()]
    outcome.counts += [Count(*where, cancelled=number, fault=faults[where]) for where, number in cancelled.items()]
    return outcome


def transform_one(event: Extracted, key: bytes | None, *, plans: Plans, codec: Codec) -> Produced:
    """One record's resources, under the key of the record. Raises InvalidRecord and InvalidMapping.

    A row makes one resource; an HL7 v2 message will make a list of them here, in the order to be written.
    """
    plan = plans.of(event.mapping_hash, event.resource_id)
    resource = plan.removal(event.primary_key) if event.deleted else plan.run(event.columns, event.primary_key)
    transformed = Transformed(
        batch_id=event.batch_id,
        resource_id=event.resource_id,
        mapping_hash=event.mapping_hash,
        as_of=event.as_of,
        resources=(resource,),
    )
    headers = headers_of(event.batch_id, event.resource_id)
    return Produced(topic=TRANSFORM, key=key, value=codec.encode(transformed), headers=headers)


@lru_cache(maxsize=1024)
def headers_of(batch_id: str, resource_id: str) -> Headers:
    """The headers of a batch's records: few different ones, in millions of records."""
    return ((BATCH_ID, batch_id.encode()), (RESOURCE_ID, resource_id.encode()))

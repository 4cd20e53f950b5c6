"""Getting ready: tables, the first token and topics, as soon as PostgreSQL and Kafka are there.

The api listens before that, so that a supervisor sees a live process that says what it waits for.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from api import state
from api.tokens import Tokens
from pipeline import logs
from pipeline.errors import FirthError, Misconfigured
from pipeline.service_settings import KafkaSettings, TopicSettings
from pipeline.topic_maker import ensure_topics

log = logs.get(__name__)

PAUSE: Final = 1.0  # seconds between two tries
LOOK_AGAIN: Final = 5.0  # seconds between two looks whether every topic is there


def prepare_state(engine: Engine, tokens: Tokens) -> None:
    """Make the tables and, if nobody has a token yet, the first, which is shown on standard output once."""
    with engine.begin() as connection:
        state.prepare(connection)
        made = tokens.load(connection)
    if made is not None:
        sys.stdout.write(f"The token of this api, shown only now:\n\n    {made}\n\n")
        sys.stdout.flush()
        log.info("first token made")


def prepare_topics(kafka: KafkaSettings, topics: TopicSettings) -> None:
    """Make the topics that are missing."""
    ensure_topics(kafka, topics, patience=0)


def keep_topics(kafka: KafkaSettings, topics: TopicSettings, stopping: threading.Event) -> None:
    """Until `stopping`, make the topics that somebody deletes anew. Workers wait for them, and go on."""
    while not stopping.wait(LOOK_AGAIN):
        persist(partial(prepare_topics, kafka, topics), stopping)


def persist(step: Callable[[], None], stopping: threading.Event) -> None:
    """Do `step` again and again until it succeeds or we are to stop."""
    said = ""
    while not stopping.is_set():
        try:
            step()
        except (FirthError, SQLAlchemyError) as error:
            words = state.sentence(error)
            if words != said:  # once, not each second
                level = log.error if isinstance(error, Misconfigured) else log.warning
                level("not ready yet", sentence=words)
                said = words
            stopping.wait(PAUSE)
        else:
            return

"""The transformer: `python -m transformer`."""

from __future__ import annotations

import os
from functools import partial

from mapping.r4 import Definitions, NoDefinitions
from pipeline import logs, topics
from pipeline.api_client import ApiClient
from pipeline.codec import Codec
from pipeline.errors import Misconfigured
from pipeline.process import run
from pipeline.worker import run_worker
from transformer.plans import Plans
from transformer.scripts import Scripts
from transformer.settings import TransformerSettings
from transformer.transform import transform


def main() -> None:
    """Run one transformer until it is told to stop."""
    settings = TransformerSettings.from_environment(os.environ)
    logs.configure("transformer", settings.worker.log_level)
    try:
        definitions = Definitions.load(settings.definitions)
    except NoDefinitions as error:
        raise Misconfigured(f"FHIR_DEFINITIONS: {error}") from None
    codec = Codec.connect(settings.worker.registry)
    api = ApiClient.of(settings.api)
    plans = Plans(api.frozen_mapping, definitions=definitions, scripts=Scripts(settings.zone()))
    run_worker(
        settings.worker,
        stage=partial(transform, plans=plans, codec=codec),
        name="transformer",
        reads=topics.EXTRACT,
        codec=codec,
    )


if __name__ == "__main__":
    run(main)

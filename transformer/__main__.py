"""The transformer: `python -m transformer`."""

from __future__ import annotations

import os
from functools import partial

from mapping.installed import BadPackage
from mapping.r4 import Definitions, NoDefinitions
from pipeline import logs, topics
from pipeline.api_client import ApiClient
from pipeline.cancellations import Cancellations
from pipeline.codec import Codec
from pipeline.errors import Misconfigured
from pipeline.preview import PreviewLane
from pipeline.process import run
from pipeline.records import Stage
from pipeline.worker import run_worker
from transformer.plans import LIMIT, Plans
from transformer.scripts import Scripts
from transformer.settings import TransformerSettings
from transformer.transform import transform

PREVIEWED = 32  # plans kept for previews


def main() -> None:
    """Run one transformer until it is told to stop."""
    settings = TransformerSettings.from_environment(os.environ)
    logs.configure("transformer", settings.worker.log_level)
    try:
        definitions = Definitions.load(settings.definitions)
    except NoDefinitions as error:
        raise Misconfigured(f"FHIR_DEFINITIONS: {error}") from None
    codec, previews_codec = Codec.connect(settings.worker.registry), Codec.connect(settings.worker.registry)
    lane = PreviewLane(
        settings.worker,
        stage=_stage(settings, definitions, previews_codec, plans=PREVIEWED),
        name="transformer",
        reads=topics.PREVIEW_EXTRACT,
        batches=topics.EXTRACT,
        writes=topics.PREVIEW_RESULT,
        codec=previews_codec,
    )
    with lane, Cancellations(settings.worker) as cancelled:
        run_worker(
            settings.worker,
            stage=cancelled.sparing(_stage(settings, definitions, codec, plans=LIMIT)),
            name="transformer",
            reads=topics.EXTRACT,
            codec=codec,
        )


def _stage(settings: TransformerSettings, definitions: Definitions, codec: Codec, *, plans: int) -> Stage:
    """The stage for one thread, which keeps as many plans."""
    fetch = ApiClient.of(settings.api).frozen_mapping
    try:
        scripts = Scripts(settings.zone())
    except BadPackage as error:
        raise Misconfigured(str(error)) from None
    kept = Plans(fetch, definitions=definitions, scripts=scripts, limit=plans)
    return partial(transform, plans=kept, codec=codec)


if __name__ == "__main__":
    run(main)

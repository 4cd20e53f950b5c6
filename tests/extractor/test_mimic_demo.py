"""The MIMIC demo rows of fhir-river's own tests in a real PostgreSQL, extracted by two of its mapping exports and run
through the engine: the same becomes of them as where they are joined in Python. Skipped where they are not there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from psycopg import sql

from command.stack.downloads import DEFINITIONS
from extractor.catalogue import selected
from mapping import formats
from mapping import model as mapped
from mapping.r4 import Definitions
from pipeline.errors import InvalidRecord
from pipeline.events import ExtractorTrigger
from tests.extractor.conftest import SourceDatabase
from tests.extractor.driving import CODEC, trigger
from tests.transformer.building import Engine
from tests.transformer.test_mimic_demo import CONCEPT_MAPS, GENDERS, OUTCOMES, SHARED
from transformer.resource_check import ResourceChecks
from transformer.scripts import Scripts

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def engine(postgres: str) -> Engine:
    """Made of the definitions that are built before `postgres` starts."""
    definitions = Definitions.load(DEFINITIONS)
    return Engine(definitions, ResourceChecks(definitions), Scripts(ZoneInfo("Europe/Paris")))


def fill(source: SourceDatabase, mapping: mapped.Mapping) -> None:
    """The demo's rows, every column a text; columns and tables that it lacks are there without values."""
    files = {path.stem: path for path in (SHARED / "mimic-demo").glob("*.csv")}
    for table, named in columns_of(mapping).items():
        head = files[table].read_text().partition("\n")[0].split(",") if table in files else []
        columns = sql.SQL(", ").join(sql.Identifier(one) + sql.SQL(" text") for one in dict.fromkeys([*head, *named]))
        name = sql.Identifier(table)
        source.admin.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
        source.admin.execute(sql.SQL("CREATE TABLE {} ({})").format(name, columns))
        if table in files:
            given = sql.SQL(", ").join(map(sql.Identifier, head))
            statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, HEADER)").format(name, given)
            with source.admin.cursor() as cursor, cursor.copy(statement) as copy:
                copy.write(files[table].read_bytes())


def columns_of(mapping: mapped.Mapping) -> Mapping[str, list[str]]:
    """Every column that the mapping names, by table."""
    named: dict[str, list[str]] = {}
    for resource in mapping.resources:
        for column in selected(resource):
            named.setdefault(column.table, []).append(column.column)
            for end in (end for join in column.joins for end in (join.left, join.right)):
                named.setdefault(end.table, []).append(end.column)
    return named


@pytest.mark.parametrize("export", ["old-mapping.json", "mapping-v5-mimic.json"])
def test_every_row_of_the_database_becomes_what_it_becomes_without_one(
    export: str, source: SourceDatabase, engine: Engine
) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there")
    concept_maps = [GENDERS | {"id": CONCEPT_MAPS[export]}]
    document = json.loads((SHARED / export).read_bytes()) | {"conceptMaps": concept_maps, "concept_maps": concept_maps}
    mapping = formats.read(document, engine.definitions).mapping
    fill(source, mapping)
    outcomes: Counter[str] = Counter()
    for resource in mapping.resources:
        plan = engine.compile(mapping, resource)
        # Those that are compared with take all rows, too.
        whole = replace(mapping, resources=(replace(resource, filters=()),))
        first = trigger()._replace(value=CODEC.encode(ExtractorTrigger("batch", resource.id, "hash", None, None, 0)))
        extraction = source.extract(whole, first)
        assert extraction.refused == []
        for record in extraction.records:
            try:
                plan.run(record.columns, record.primary_key)
                outcomes[resource.resource_type] += 1
            except InvalidRecord as error:
                outcomes[f"{resource.resource_type} refused: {error.reason}"] += 1
    assert outcomes == OUTCOMES[export]

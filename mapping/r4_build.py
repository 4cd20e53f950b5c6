"""Builds the table of FHIR R4's elements that `mapping.r4` reads, from the StructureDefinitions, ValueSets
and CodeSystems that HL7 publishes as XML bundles:

    python -m mapping.r4_build hapi-fhir-validation-resources-r4-8.8.0.jar r4.json

Run once, when the stack or the image is built. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias
from xml.etree import ElementTree  # `resources` refuses entities

from mapping.r4_codes import FHIR, Codes, CodeSystem, Node, code_system, expand, value_of

Json: TypeAlias = dict[str, Any]

DEFINITION_URL = "http://hl7.org/fhir/StructureDefinition/"
REGEX = DEFINITION_URL + "regex"
FHIR_TYPE = DEFINITION_URL + "structuredefinition-fhir-type"
BUNDLES = (
    "profiles-types.xml",
    "profiles-resources.xml",
    "valuesets.xml",
    "v2-tables.xml",
    "v3-codesystems.xml",
)


class BadDefinitions(Exception):
    """The jar or folder does not hold what is needed; the message says what."""


def main(arguments: list[str]) -> int:
    """Read the source, write the table, tell what is in it. Exit code 2 when the source is no good."""
    parser = argparse.ArgumentParser(prog="python -m mapping.r4_build", description="Build FHIR R4's element table.")
    parser.add_argument("source", type=Path, help="jar, zip or folder with profiles-*.xml and valuesets.xml")
    parser.add_argument("table", type=Path, help="JSON file to write")
    options = parser.parse_args(arguments)
    try:
        table = build(options.source)
    except BadDefinitions as error:
        sys.stderr.write(f"{error}\n")
        return 2
    # Written aside and moved: a build that is killed leaves no half table behind.
    aside = options.table.with_suffix(".part")
    aside.parent.mkdir(parents=True, exist_ok=True)
    aside.write_text(json.dumps(table, ensure_ascii=False, separators=(",", ":"), sort_keys=False) + "\n", "utf-8")
    aside.replace(options.table)
    sys.stdout.write(f"{options.table}: {len(table['types'])} types, {len(table['value_sets'])} bound value sets\n")
    return 0


def build(source: Path) -> Json:
    """The whole table, as `mapping.r4.Definitions` reads it. Raises BadDefinitions."""
    primitives: dict[str, str | None] = {}
    types: dict[str, Json] = {}
    systems: dict[str, CodeSystem] = {}
    sets: dict[str, Node] = {}
    for text in read_files(source):
        for resource in resources(text):
            match resource.tag:
                case "{http://hl7.org/fhir}StructureDefinition":
                    add_structure(resource, primitives, types)
                case "{http://hl7.org/fhir}ValueSet":
                    sets[value_of(resource, "url")] = resource
                case "{http://hl7.org/fhir}CodeSystem":
                    systems[value_of(resource, "url")] = code_system(resource)
    if "Patient" not in types or "date" not in primitives:
        raise BadDefinitions(f"{source}: no definition of Patient or of date in it")
    expanded = {url: expand(url, sets, systems) for url in sorted(bound_sets(types))}
    known: dict[str, Codes] = {url: codes for url, codes in expanded.items() if codes}
    forget_unknown_sets(types, known)
    return {"fhir": "4.0.1", "primitives": dict(sorted(primitives.items())), "types": types, "value_sets": known}


def read_files(source: Path) -> Iterator[str]:
    """The text of each of `BUNDLES`, in that order, from a jar, a zip or a folder. Raises BadDefinitions."""
    if source.is_dir():
        found = {path.name: path for path in sorted(source.rglob("*.xml"))}
        read = {name: path.read_bytes for name, path in found.items()}
    else:
        try:
            archive = zipfile.ZipFile(source)
        except (OSError, zipfile.BadZipFile) as error:
            raise BadDefinitions(f"{source}: {error}") from None
        read = {Path(name).name: lambda name=name: archive.read(name) for name in archive.namelist()}  # type: ignore[misc]
    missing = [name for name in BUNDLES if name not in read]
    if missing:
        raise BadDefinitions(f"{source}: {', '.join(missing)} not in it")
    for name in BUNDLES:
        yield read[name]().decode("utf-8")


def resources(text: str) -> Iterator[Node]:
    """The resources of a bundle, one after another, each forgotten when the next is asked for.

    A document type declaration is refused, and with it every entity trick; the text is decoded before, so
    none hides in another encoding. Raises BadDefinitions.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadDefinitions("the XML declares a document type or entities, which no FHIR bundle does")
    for _, node in ElementTree.iterparse(io.StringIO(text), ("end",)):  # noqa: S314  # no entities, see above
        if node.tag == FHIR + "entry":
            yield from node.findall(f"{FHIR}resource/*")
            node.clear()


def add_structure(definition: Node, primitives: dict[str, str | None], types: dict[str, Json]) -> None:
    """Put one StructureDefinition into the tables. Profiles and logical models are left out."""
    kind, name = value_of(definition, "kind"), value_of(definition, "type")
    if kind not in ("primitive-type", "complex-type", "resource"):
        return
    if value_of(definition, "derivation") == "constraint":
        return
    elements = definition.findall(f"{FHIR}snapshot/{FHIR}element")
    if kind == "primitive-type":
        primitives[name] = next(filter(None, map(regex_of, elements)), None)
        return
    owners = {value_of(node, "path").rpartition(".")[0] for node in elements}
    for owner in sorted(owners - {""}):
        types[owner] = {"kind": kind if owner == name else "backbone", "elements": {}}
    if value_of(definition, "abstract") == "true":
        types.setdefault(name, {"kind": kind, "elements": {}})["abstract"] = True
    for node in elements:
        path = value_of(node, "path")
        owner, _, last = path.rpartition(".")
        if owner:
            types[owner]["elements"][last] = element(node, path, is_owner=path in owners)
    if kind == "resource":
        types[name]["elements"]["id"]["types"] = ["id"]  # R4 says string, and means this


def element(node: Node, path: str, *, is_owner: bool) -> Json:
    """What the table keeps of one ElementDefinition. A backbone element's type is its own path, and so is
    the target of a content reference."""
    reference = value_of(node, "contentReference")
    if reference:
        names = [reference.lstrip("#")]
    elif is_owner:
        names = [path]
    else:
        names = list(dict.fromkeys(type_name(child) for child in node.findall(FHIR + "type")))
    maximum = value_of(node, "max")
    kept: Json = {"types": names, "min": int(value_of(node, "min")), "max": None if maximum == "*" else int(maximum)}
    if value_of(node, "binding", "strength") == "required":
        kept["bound"] = value_of(node, "binding", "valueSet").partition("|")[0]
    targets = [
        target.get("value", "").removeprefix(DEFINITION_URL)
        for target in node.findall(f"{FHIR}type/{FHIR}targetProfile")
    ]
    if targets and "Resource" not in targets and "Reference" in names:
        kept["targets"] = list(dict.fromkeys(targets))
    return kept


def type_name(node: Node) -> str:
    """The FHIR type, where the definition may say a FHIRPath one and the FHIR one in an extension."""
    for extension in node.findall(FHIR + "extension"):
        if extension.get("url") == FHIR_TYPE:
            return value_of(extension, "valueUrl") or value_of(extension, "valueUri")
    return value_of(node, "code")


def regex_of(node: Node) -> str | None:
    """The regular expression of a primitive's value, which stands in an extension of its type."""
    for extension in node.findall(f"{FHIR}type/{FHIR}extension"):
        if extension.get("url") == REGEX:
            return value_of(extension, "valueString")
    return None


def elements_of(types: dict[str, Json]) -> Iterator[Json]:
    """Every element of every type."""
    for described in types.values():
        yield from described["elements"].values()


def bound_sets(types: dict[str, Json]) -> set[str]:
    """The value sets that some element is bound to."""
    return {kept["bound"] for kept in elements_of(types) if "bound" in kept}


def forget_unknown_sets(types: dict[str, Json], known: dict[str, Codes]) -> None:
    """Drop bindings to sets that cannot be listed (all of a language, MIME or unit system)."""
    for kept in elements_of(types):
        if kept.get("bound", next(iter(known), None)) not in known:
            del kept["bound"]


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(sys.argv[1:]))

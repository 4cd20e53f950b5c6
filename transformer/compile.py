"""A mapping compiled into a plan: every mistake that a run could stumble over is found here, with its place.

What `mapping.check` finds comes first; beyond it, static values are made and checked, and references to other
resources of the mapping computed. What must come from rows becomes generated Python. Of rows this file knows
nothing but that an input reads a column: `transformer.rows` reads them.
"""

from __future__ import annotations

from urllib.parse import quote

from mapping import paths
from mapping.check import check
from mapping.identity import TAG_SYSTEM, resource_id
from mapping.mistakes import InvalidMapping, Mistake
from mapping.model import Attribute, Mapping, ResourceMapping
from mapping.paths import Path, Step
from mapping.r4 import Definitions, Element
from transformer.generate import Names, build_function, values_function
from transformer.inputs import Inputs
from transformer.plan import Plan, Site, Sites
from transformer.references import References, refer_to
from transformer.resource_check import ResourceChecks
from transformer.rows import name, reader
from transformer.scripts import Scripts
from transformer.target import Fixed, Slot, tree

DEEPEST = (
    40  # elements in each other; R4 has no ten without repeating itself, and Python can indent no further than 100
)
LAST = 10_000  # index of what we add to lists: after all that a mapping can spell out


def compile_resource(
    mapping: Mapping, resource: ResourceMapping, *, definitions: Definitions, checks: ResourceChecks, scripts: Scripts
) -> Plan:
    """The plan of one resource of a mapping. Raises InvalidMapping with every mistake in it."""
    return _Compiler(mapping, resource, definitions, scripts).plan(checks)


class _Compiler:
    """What is known while one resource is compiled. `leaves` and `sites` grow attribute by attribute."""

    def __init__(self, mapping: Mapping, resource: ResourceMapping, definitions: Definitions, scripts: Scripts) -> None:
        self._mapping = mapping
        self._resource = resource
        self._definitions = definitions
        self._at = f"resources[{mapping.resources.index(resource)}]"
        self._mistakes: list[Mistake] = []
        self._names = Names()
        concept_maps = {known.id: known for known in mapping.concept_maps}
        self._inputs = Inputs(definitions, scripts, concept_maps, self._names, self._mistakes)
        self._leaves: dict[Path, Slot | Fixed] = {}
        self._attributes: dict[Path, int] = {}
        self._expressions: list[str] = []
        self._sites: list[Site] = []

    def plan(self, checks: ResourceChecks) -> Plan:
        kind = self._resource.resource_type
        # What the api found when the mapping came; a mapping may also come another way.
        found = [mistake for mistake in check(self._mapping, self._definitions) if self._is_here(mistake)]
        if found:
            raise InvalidMapping(found)
        for number, attribute in enumerate(self._resource.attributes):
            if attribute.input_groups:
                self._attribute(number, attribute)
        self._references()
        self._meta()
        root = tree(self._definitions, kind, self._leaves.items())
        if self._mistakes:
            raise InvalidMapping(self._mistakes)
        sites = Sites(kind, self._sites)
        selectors = tuple(self._inputs.selectors)
        width = len(self._expressions)
        return Plan(
            resource_type=kind,
            logical_reference=self._resource.logical_reference,
            root=root,
            sites=sites,
            read=reader(selectors),
            values=values_function(self._names, self._expressions, width=len(selectors), refuse=sites.refused),
            build=build_function(self._names, root, kind, width=width),
            check=checks.of(kind),
        )

    def _is_here(self, mistake: Mistake) -> bool:
        return mistake.path == self._at or mistake.path.startswith(f"{self._at}.")

    def _attribute(self, number: int, attribute: Attribute) -> None:
        at = f"{self._at}.attributes[{number}]"
        place = f"{self._resource.resource_type}.{attribute.path}"
        path = paths.parse(attribute.path)
        element = self._definitions.element(self._resource.resource_type, attribute.path)
        assert element is not None
        if len(path) > DEEPEST:
            self._mistakes.append(Mistake(f"{at}.path", f"goes deeper than {DEEPEST} elements", place))
            return
        if any(step.name == "contained" for step in path):
            self._mistakes.append(
                Mistake(f"{at}.path", "leads into a contained resource, which cannot be mapped", place)
            )
            return
        if any(step.name.startswith("_") and step.index is not None for step in path):
            self._mistakes.append(Mistake(f"{at}.path", "extends one of several plain values: not possible", place))
            return
        term = self._inputs.attribute(attribute, element, path=at, place=place)
        self._attributes[path] = number
        if not isinstance(term, Fixed):
            self._leaves[path] = self._slot(term, path, *_origin(attribute))
        elif term.value is not None:
            self._leaves[path] = term

    def _slot(self, expression: str, path: Path, sources: tuple[str, ...], scripts: tuple[str, ...] = ()) -> Slot:
        self._expressions.append(expression)
        self._sites.append(Site(paths.render(path), paths.element(path), sources, scripts))
        return Slot(len(self._expressions) - 1)

    def _references(self) -> None:
        """Give `reference` to each Reference whose identifier is a logical reference and a key."""
        references = References(self._mapping.resources)
        for path, system in list(self._leaves.items()):
            if [step.name for step in path[-2:]] != ["identifier", "system"]:
                continue
            parent = path[:-2]
            value = self._leaves.get((*path[:-1], Step("value")))
            element = self._definitions.element(self._resource.resource_type, paths.element(parent)) if parent else None
            target = (*parent, Step("reference"))
            if element is None or element.type != "Reference" or value is None or target in self._leaves:
                continue
            leaf = self._reference(references, element, path, (system, value))
            if leaf is not None:
                self._leaves[target] = leaf

    def _reference(
        self, references: References, element: Element, path: Path, given: tuple[Slot | Fixed, Slot | Fixed]
    ) -> Slot | Fixed | None:
        system, value = given
        target = (*path[:-2], Step("reference"))
        sources = tuple(
            dict.fromkeys(s for leaf in given if isinstance(leaf, Slot) for s in self._sites[leaf.number].sources)
        )
        if isinstance(system, Slot):
            key = f"v{value.number}" if isinstance(value, Slot) else self._names.of(value.value)
            return self._slot(self._names.call(references.compute, f"v{system.number}", key), target, sources)
        at = f"{self._at}.attributes[{self._attributes[path]}]"
        place = f"{self._resource.resource_type}.{paths.render(path)}"
        meant = references.target(system.value)
        if meant is None:
            return None
        if element.targets and meant.resource_type not in element.targets:
            allowed = ", ".join(element.targets)
            self._mistakes.append(
                Mistake(at, f"means a {meant.resource_type}, but only {allowed} can stand there", place)
            )
        if isinstance(value, Fixed):
            return Fixed(f"{meant.resource_type}/{resource_id(meant.logical_reference, value.value)}")
        return self._slot(self._names.call(refer_to(meant), f"v{value.number}"), target, sources)

    def _meta(self) -> None:
        """Say where the resource comes from, besides what the mapping itself says in `meta`."""
        source, resource = self._mapping.source, self._resource
        self._leaves.setdefault(paths.parse("meta.source"), Fixed(f"urn:firth:source:{quote(source.id, safe='')}"))
        for index, kind, code in ((LAST, "source", source.id), (LAST + 1, "resource", resource.id)):
            tag = (Step("meta"), Step("tag", index))
            self._leaves[(*tag, Step("system"))] = Fixed(TAG_SYSTEM + kind)
            self._leaves[(*tag, Step("code"))] = Fixed(code)
        if resource.profile is not None:
            self._leaves[(Step("meta"), Step("profile", LAST))] = Fixed(resource.profile)


def _origin(attribute: Attribute) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns and the scripts of an attribute, by name."""
    inputs = [given for group in attribute.input_groups for given in group.inputs]
    conditions = [condition for group in attribute.input_groups for condition in group.conditions]
    columns = [given.column for given in inputs if given.column is not None] + [one.column for one in conditions]
    scripts = [given.script for given in inputs] + [one.script for one in conditions]
    scripts += [group.merging_script for group in attribute.input_groups]
    return tuple(dict.fromkeys(map(name, columns))), tuple(dict.fromkeys(filter(None, scripts)))

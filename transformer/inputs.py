"""Input groups of an attribute, compiled: where a value comes from, and what it goes through.

    column ─► cleaning script ─► concept map ─► cast by FHIR type ─┐
    column ─► …                                                    ├─► merging script ─► cast
    static values, last ───────────────────────────────────────────┘

The first group whose conditions hold gives the value. What does not depend on the row is worked out here, once.
That scripts and concept maps exist, and that groups have the inputs they need, `mapping.check` has seen to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from jsonschema_rs import Draft202012Validator

from mapping.mistakes import Mistake
from mapping.model import Attribute, Column, ConceptMap, Input, InputGroup
from mapping.r4 import Definitions, Element
from transformer.conditions import condition_test
from transformer.generate import Names
from transformer.resource_check import rule
from transformer.resource_schema import primitive_schema
from transformer.scripts import Scripts
from transformer.target import Fixed
from transformer.values import Cast, UnfitError, Value, cast_for, text_of

# An expression of the generated source, or a value known already.
Term: TypeAlias = str | Fixed
FIRST = "select_first_not_empty"  # a group merged by this one says itself what stands for an unmapped code


@dataclass
class Inputs:
    """Compiles the attributes of one resource, collecting its mistakes and the columns that it reads."""

    definitions: Definitions
    scripts: Scripts
    concept_maps: Mapping[str, ConceptMap]
    names: Names
    mistakes: list[Mistake]
    selectors: dict[Column, int] = field(default_factory=dict)

    def attribute(self, attribute: Attribute, element: Element, *, path: str, place: str) -> Term:
        """The value of an attribute. `path` and `place` are where it stands in the mapping."""
        compiler = _AttributeCompiler(self, element, place)
        choices: list[tuple[str, Term]] = []
        for number, group in enumerate(attribute.input_groups):
            at = f"{path}.inputGroups[{number}]"
            choices.append((compiler.conditions(group, at), compiler.group(group, at)))
            if not group.conditions:
                break
        if choices and not choices[0][0]:
            return choices[0][1]
        expression = "None"
        for condition, term in reversed(choices):
            code = self.code(term)
            expression = f"({code} if {condition} else {expression})" if condition else code
        return expression if choices else Fixed(None)

    def code(self, term: Term) -> str:
        """A term as an expression."""
        return self.names.of(term.value) if isinstance(term, Fixed) else term

    def selector(self, column: Column) -> str:
        """The expression for a column's raw value in the row."""
        return f"c{self.selectors.setdefault(column, len(self.selectors))}"


class _AttributeCompiler:
    """Compiles the groups of one attribute, whose element and place they share."""

    def __init__(self, inputs: Inputs, element: Element, place: str) -> None:
        self._inputs = inputs
        self._names = inputs.names
        self._element = element
        self._place = place
        self._cast: Cast = cast_for(element.type)
        self._allows = Draft202012Validator(primitive_schema(inputs.definitions, element)).is_valid

    def conditions(self, group: InputGroup, path: str) -> str:
        """The expression of when a group applies, empty for always."""
        tests = []
        for number, condition in enumerate(group.conditions):
            try:
                test = condition_test(condition)
            except ValueError as error:
                self._mistake(f"{path}.conditions[{number}]", str(error))
                continue
            value = self._inputs.selector(condition.column)
            if condition.script is not None:
                value = self._names.call(self._inputs.scripts.clean(condition.script), value)
            tests.append(self._names.call(test, value))
        return " and ".join(tests)

    def group(self, group: InputGroup, path: str) -> Term:
        """The value of one group."""
        # Static values come last, wherever the mapping has them.
        ordered = sorted(enumerate(group.inputs), key=lambda numbered: numbered[1].column is None)
        # The first that is not empty is one of the inputs as it is; of what others merge, inputs are but parts.
        whole = group.merging_script in (None, FIRST)
        terms = [
            self._input(given, f"{path}.inputs[{number}]", whole=whole, may_miss=group.merging_script == FIRST)
            for number, given in ordered
        ]
        if group.merging_script is None:
            (term,) = terms
            return term
        merge = self._inputs.scripts.merge(group.merging_script)
        known = [term.value for term in terms if isinstance(term, Fixed)]
        if len(known) == len(terms):
            return self._static(lambda: self._cast(merge(known)), path, whole=True)
        merged = self._names.call(merge, f"({', '.join(map(self._inputs.code, terms))},)")
        return self._names.call(self._cast, merged)

    def _input(self, given: Input, path: str, *, whole: bool, may_miss: bool) -> Term:
        steps: list[Callable[[Any], Any]] = []
        if given.script is not None:
            steps.append(self._inputs.scripts.clean(given.script))
        if given.concept_map_id is not None:
            steps.append(translation(self._inputs.concept_maps[given.concept_map_id], may_miss=may_miss))
        if given.concept_map_id is None or self._cast is not text_of:  # what a concept map gives is text
            steps.append(self._cast)
        if given.column is None:
            return self._static(lambda: _through(steps, given.static), f"{path}.staticValue", whole=whole)
        expression = self._inputs.selector(given.column)
        for step in steps:
            expression = self._names.call(step, expression)
        return expression

    def _static(self, make: Callable[[], Any], path: str, *, whole: bool) -> Fixed:
        """A value that no row changes, made now and, where it is the whole value, held against R4."""
        try:
            value = make()
        except UnfitError as error:
            self._mistake(path, error.rule)
            return Fixed(None)
        if whole and value is not None and not self._allows(value):
            self._mistake(path, rule(self._element))
        return Fixed(value)

    def _mistake(self, path: str, reason: str) -> None:
        self._inputs.mistakes.append(Mistake(path=path, reason=reason, place=self._place))


def _through(steps: list[Callable[[Any], Any]], value: Any) -> Any:
    for step in steps:
        value = step(value)
    return value


def translation(concept_map: ConceptMap, *, may_miss: bool) -> Callable[[Value], Value]:
    """A concept map as a function. A code that it does not have raises UnfitError, or gives nothing where it
    may miss; an empty value stays empty."""
    codes = {code: text_of(target) for code, target in concept_map.codes.items()}
    rule_ = f"has a code that concept map {concept_map.title!r} does not have"

    def translate(value: Value) -> Value:
        text = text_of(value)
        if text is None:
            return None
        if text not in codes:
            text = text.strip()
            if text not in codes:
                if may_miss:
                    return None
                raise UnfitError(rule_, reason="unmapped-code")
        return codes[text]

    return translate

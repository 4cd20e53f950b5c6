"""Settings: one frozen dataclass a service, read from the environment once, at the start.

A service declares what it needs and composes what others declared:

    @dataclass(frozen=True, slots=True, kw_only=True)
    class ExtractorSettings(Settings):
        worker: WorkerSettings = field(default_factory=WorkerSettings)
        chunk_size: int = setting("CHUNK_SIZE", 2000, about="primary keys read in one go", minimum=1)

    settings = ExtractorSettings.from_environment(os.environ)

Every setting `NAME` can be given as `NAME_FILE` too: the path of a file that holds the value. An empty
value counts as not given. All mistakes are reported at once, a sentence each, and no sentence holds a
value, since any of them may have been meant as a secret. Types: str, int, float, bool, Path, Secret,
Literal of strings, tuple[str, ...] (separated by commas), each also with None, and other Settings.
"""

from __future__ import annotations

import hmac
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeVar, Union, get_args, get_origin, get_type_hints

from pipeline.errors import Misconfigured

T = TypeVar("T")

_DECLARATION: Final = "firth.setting"
_BOOLEANS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class Secret:
    """A text that must not be shown: `str`, `repr` and formatting mask it, `reveal()` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself. Call it where it is handed to a client, and keep no copy."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True)
class _Declaration:
    name: str
    about: str
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class SettingHelp:
    """One setting as a person sees it. `default` is None where there is none; never a secret's value."""

    name: str
    default: str | None
    about: str
    required: bool
    secret: bool


def setting(
    name: str, default: Any = MISSING, *, about: str, minimum: float | None = None, maximum: float | None = None
) -> Any:
    """Declare a field of a Settings class: read from `name`, required unless it has a default.

    `about` is one line for `.env.example`; `minimum` and `maximum` bound a number, both included.
    """
    return field(default=default, metadata={_DECLARATION: _Declaration(name, about, minimum, maximum)})


class _Mistake(Exception):
    """What is wrong with one setting, as the end of a sentence that begins with its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Base of all settings. Subclasses are frozen dataclasses whose fields are made by `setting`, or are
    Settings themselves."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read every field from `environ`.

        Raises Misconfigured with one line a mistake, all of them at once.
        """
        mistakes: list[str] = []
        made = _read(cls, environ, mistakes)
        if made is None or mistakes:
            raise Misconfigured("\n".join(mistakes))
        return made

    def mistakes(self) -> Iterable[str]:
        """What is wrong between settings that are each right: a sentence a mistake. Override to add."""
        return ()


S = TypeVar("S", bound=Settings)


def describe(settings: type[Settings]) -> list[SettingHelp]:
    """Every setting of a service, those of composed Settings included, in order of declaration."""
    hints = get_type_hints(settings)
    found: list[SettingHelp] = []
    for each in fields(settings):
        hint = hints[each.name]
        if isinstance(hint, type) and issubclass(hint, Settings):
            found += describe(hint)
            continue
        declared: _Declaration = each.metadata[_DECLARATION]
        secret = _without_none(hint) is Secret
        known = each.default is not MISSING and each.default is not None and not secret
        found.append(
            SettingHelp(
                name=declared.name,
                default=_as_text(each.default) if known else None,
                about=declared.about,
                required=each.default is MISSING,
                secret=secret,
            )
        )
    return found


def _as_text(default: object) -> str:
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return str(default).lower() if isinstance(default, bool) else str(default)


def _read(settings: type[S], environ: Mapping[str, str], mistakes: list[str]) -> S | None:
    """Settings as `environ` gives them, or None after adding to `mistakes`."""
    hints = get_type_hints(settings)
    values: dict[str, Any] = {}
    complete = True
    for each in fields(settings):
        hint = hints[each.name]
        if isinstance(hint, type) and issubclass(hint, Settings):
            values[each.name] = _read(hint, environ, mistakes)
            complete = complete and values[each.name] is not None
            continue
        declared: _Declaration = each.metadata[_DECLARATION]
        try:
            text = _text_of(declared.name, environ)
            if text is not None:
                values[each.name] = _value_of(text, hint, declared)
            elif each.default is MISSING:
                raise _Mistake(f"is not set: {declared.about}")  # noqa: TRY301 — told like the others
        except _Mistake as mistake:
            mistakes.append(f"{declared.name} {mistake}")
            complete = False
    if not complete:
        return None
    made = settings(**values)
    mistakes.extend(made.mistakes())
    return made


def _text_of(name: str, environ: Mapping[str, str]) -> str | None:
    """The setting's text, from the variable or the file that `NAME_FILE` names; None if not given."""
    direct, path = environ.get(name, ""), environ.get(f"{name}_FILE", "")
    if direct and path:
        raise _Mistake(f"and {name}_FILE are both set: unset one")
    if not path:
        return direct.strip() or None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise _Mistake(f"cannot be read from the file that {name}_FILE names: {type(error).__name__}") from None


def _without_none(hint: Any) -> Any:
    """`X` for a hint of `X | None`, else the hint itself."""
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (part for part in get_args(hint) if part is not type(None))
    return hint


def _value_of(text: str, hint: Any, declared: _Declaration) -> Any:
    """`text` as the field's type says. Raises _Mistake."""
    hint = _without_none(hint)
    if get_origin(hint) is Literal:
        if text not in get_args(hint):
            raise _Mistake(f"must be one of {', '.join(get_args(hint))}")
        return text
    if get_origin(hint) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return _CONVERT[hint](text, declared)


def _boolean(text: str, _: _Declaration) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise _Mistake("must be true or false") from None


def _number(kind: Callable[[str], float], words: str) -> Callable[[str, _Declaration], float]:
    def convert(text: str, declared: _Declaration) -> float:
        low, high = declared.minimum, declared.maximum
        try:
            number = kind(text)
        except ValueError:
            raise _Mistake(f"must be {words}") from None
        if (low is not None and not number >= low) or (high is not None and not number <= high):
            ends = f"{low if low is not None else 'any'} to {high if high is not None else 'any'}"
            raise _Mistake(f"must be {words} in the range {ends}")
        return number

    return convert


_CONVERT: Final[dict[Any, Callable[[str, _Declaration], Any]]] = {
    str: lambda text, _: text,
    Path: lambda text, _: Path(text),
    Secret: lambda text, _: Secret(text),
    bool: _boolean,
    int: _number(int, "a whole number"),
    float: _number(float, "a number"),
}

"""A package as if it were installed: its modules on the path, its entry points in metadata as an installer writes
them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from mapping import installed

EXAMPLE = Path(__file__).parents[1] / "example_package"


def entry_points_of(package: Path) -> Mapping[str, Mapping[str, str]]:
    """Those that its pyproject.toml declares, by group."""
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: Mapping[str, Mapping[str, str]] = project["entry-points"]
    return found


@contextmanager
def installing(folder: Path, name: str, entry_points: Mapping[str, Mapping[str, str]], *, code: Path) -> Iterator[None]:
    """While it lasts, the package `name` is installed, its metadata in `folder`, its modules in `code`."""
    metadata = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    groups = [
        "\n".join([f"[{group}]", *(f"{one} = {value}" for one, value in entries.items())])
        for group, entries in entry_points.items()
    ]
    (metadata / "entry_points.txt").write_text("\n\n".join(groups))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(code))
        patch.syspath_prepend(str(folder))
        installed.names.cache_clear()
        yield
    installed.names.cache_clear()

"""What a stack keeps on the disk."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from command.stack.places import Place
from command.stack.trouble import GIB, Trouble, check_space, of_os_error


def test_a_secret_is_made_once_and_for_its_owner_alone(place: Place) -> None:
    first = place.secret_file("api-token")
    content = first.read_text()
    assert len(content) > 30
    assert place.secret_file("api-token").read_text() == content
    assert first.stat().st_mode & 0o777 == 0o600
    assert first.parent.stat().st_mode & 0o777 == 0o700


def test_a_secret_that_is_derived_follows_what_it_is_derived_from(place: Place) -> None:
    for address in ("postgresql://one", "postgresql://two"):
        file = place.secret_file("address", address)
        assert file.read_text() == address
        assert file.stat().st_mode & 0o777 == 0o600


def test_too_little_room_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"0\.5 GiB free, 2\.0 GiB needed"):
        check_space(tmp_path / "not" / "made" / "yet", needed=2 * GIB, free=GIB // 2)


def test_enough_room_is_no_trouble(tmp_path: Path) -> None:
    check_space(tmp_path, needed=1)


def test_an_error_of_the_system_becomes_a_sentence(tmp_path: Path) -> None:
    assert "full: make room" in str(of_os_error(OSError(errno.ENOSPC, "No space left on device"), tmp_path))
    assert (
        str(of_os_error(PermissionError(errno.EACCES, "Permission denied", "/x"), tmp_path)) == "/x: Permission denied"
    )

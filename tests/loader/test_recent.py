from __future__ import annotations

from loader.recent import Recent

A, B, C = ("Patient", "a"), ("Patient", "b"), ("Patient", "c")


def test_only_what_is_strictly_newer_counts() -> None:
    recent = Recent()
    recent.wrote(A, 5)
    assert recent.newer_than(A, 4)
    assert not recent.newer_than(A, 5)
    assert not recent.newer_than(B, 0)


def test_a_deleted_resource_is_remembered_as_gone() -> None:
    recent = Recent()
    recent.wrote(A, 5)
    recent.wrote(A, 6, present=False)
    assert recent.newer_than(A, 5)
    assert not recent.present(A)


def test_finding_a_resource_does_not_make_it_newer() -> None:
    recent = Recent()
    recent.found(A)
    assert recent.present(A)
    assert not recent.newer_than(A, 0)


def test_the_oldest_are_forgotten_first() -> None:
    recent = Recent(limit=2)
    recent.wrote(A, 1)
    recent.wrote(B, 1)
    recent.wrote(A, 2)
    recent.wrote(C, 1)
    assert (len(recent), recent.present(A), recent.present(B)) == (2, True, False)

from __future__ import annotations

import pytest

from pipeline.errors import InvalidRecord, Misconfigured, Replaced, Unavailable
from pipeline.process import run


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Misconfigured("no"), 2),
        (Replaced("no"), 3),
        (Unavailable("no"), 4),
        (InvalidRecord("no", reason="no"), 1),
        (ZeroDivisionError("Doe"), 1),
    ],
)
def test_each_failure_has_its_exit_code(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise error

    with pytest.raises(SystemExit) as caught:
        run(main)
    assert caught.value.code == code
    assert "Doe" not in "".join(capsys.readouterr())


def test_a_service_that_returns_has_done_its_work() -> None:
    with pytest.raises(SystemExit) as caught:
        run(lambda: None)
    assert caught.value.code == 0

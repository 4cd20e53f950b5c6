"""Where a group stands, asked on a real broker by one who is no member."""

from __future__ import annotations

from contextlib import closing

import pytest

from pipeline.standing import Standing
from tests.pipeline.running import Stage

pytestmark = pytest.mark.stack


def test_a_group_stands_where_its_last_transaction_left_it_and_whoever_asks_is_no_member(stage: Stage) -> None:
    stage.worker()
    stage.until_out(stage.write([b"good"] * 50, partition=1))
    with closing(Standing(stage.settings, stage.name)) as standing:
        assert standing.of(stage.reads) == {0: -1, 1: 50, 2: -1, 3: -1}
        assert stage.members() == 1

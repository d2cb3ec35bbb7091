"""Transactions survive a restart, and a start that is sent again is the same one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hub.core.keep import Keep
from hub.devices.transactions import Transactions
from hub.model.ids import ChargerId
from hub.sdk.host import TransactionStart

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BAY = ChargerId("bay-1")


def test_a_restart_knows_what_runs_and_never_gives_an_id_twice(tmp_path: Path) -> None:
    first, new = Transactions(Keep(tmp_path)).begin(BAY, TransactionStart(connector=1, at=AT, token="t", meter_wh=7.0))
    assert new
    after = Transactions(Keep(tmp_path))
    known = after.of(BAY)
    assert known is not None
    assert (known.id, known.started_at, known.token, known.start_wh) == (first.id, AT, "t", 7.0)
    other, _ = after.begin(ChargerId("bay-2"), TransactionStart(connector=2, at=AT))
    assert other.id != first.id


def test_the_same_start_is_one_transaction(tmp_path: Path) -> None:
    transactions = Transactions(Keep(tmp_path))
    start = TransactionStart(connector=1, at=AT, token="t", meter_wh=7.0)
    first, _ = transactions.begin(BAY, start)
    again, new = transactions.begin(BAY, start)
    assert (again.id, new) == (first.id, False)


def test_an_end_is_told_once_and_kept(tmp_path: Path) -> None:
    transactions = Transactions(Keep(tmp_path))
    session, _ = transactions.begin(BAY, TransactionStart(connector=1, at=AT))
    ended = transactions.end(session.id)
    assert ended is not None
    assert ended.charger == BAY
    assert transactions.end(session.id) is None
    assert Transactions(Keep(tmp_path)).of(BAY) is None

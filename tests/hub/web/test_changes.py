"""What a reader of the changes is sent: a snapshot first, then only what differs, and never more than is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.web import changes
from hub.web.changes import Changes, Reader, changed

Json = dict[str, Any]
QUIET: Json = {
    "ts": 1,
    "site": {"ts": 1, "power_w": 0},
    "chargers": {"bay-1": {"ts": 1, "power_w": 0}, "bay-2": {"ts": 1, "power_w": 0}},
    "candidates": [{"ts": 1, "station": "CP9"}],
    "hub": {"loop_lag_ms": 1},
}


def later(**parts: object) -> Json:
    return {**QUIET, "ts": 2, "hub": {"loop_lag_ms": 2}, **parts}


def said(messages: list[bytes]) -> list[Json]:
    return [json.loads(message) for message in messages]


@pytest.mark.parametrize(
    ("after", "news"),
    [
        (later(), {}),  # the moment and the hub's own figures are no news
        (later(site={"ts": 2, "power_w": 0}), {}),
        (later(site={"ts": 2, "power_w": 9}), {"site": {"ts": 2, "power_w": 9}}),
        (later(candidates=[{"ts": 2, "station": "CP9"}]), {}),
        (later(candidates=[]), {"candidates": []}),
        (
            later(chargers={"bay-1": {"ts": 2, "power_w": 9}, "bay-2": {"ts": 2, "power_w": 0}}),
            {"chargers": {"bay-1": {"ts": 2, "power_w": 9}}},
        ),
        (later(chargers={"bay-1": {"ts": 2, "power_w": 0}}), {"chargers": {"bay-2": None}}),
        (
            later(chargers={**QUIET["chargers"], "bay-3": {"ts": 2}}),
            {"chargers": {"bay-3": {"ts": 2}}},
        ),
    ],
)
def test_only_what_differs(after: Json, news: Json) -> None:
    assert changed(QUIET, after) == news


def test_a_snapshot_then_changes_in_order() -> None:
    series = Changes("e")
    series.see(QUIET)
    reader = Reader(series, None)
    assert said(reader.take()) == [{"kind": "snapshot", "epoch": "e", "seq": 1, "status": QUIET}]
    assert reader.take() == []
    assert not series.see(later())
    assert series.see(later(candidates=[]))
    assert series.see(later(candidates=[], site={"power_w": 9}))
    first, second = said(reader.take())
    assert (first["kind"], first["seq"], first["candidates"]) == ("change", 2, [])
    assert (second["seq"], second["site"], "candidates" in second) == (3, {"power_w": 9}, False)


def test_who_comes_back_goes_on_where_he_was() -> None:
    series = Changes("e")
    for power in range(5):
        series.see(later(site={"power_w": power}))
    assert [change["seq"] for change in said(Reader(series, 3).take())] == [4, 5]
    assert Reader(series, 5).take() == []
    assert said(Reader(series, 6).take())[0]["kind"] == "snapshot"  # this one never was


def test_what_is_not_kept_any_more_is_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_KEPT", 3)
    series = Changes("e")
    reader = Reader(series, None)
    reader.take()
    for power in range(10):
        series.see(later(site={"power_w": power}))
    assert [message["kind"] for message in said(reader.take())] == ["snapshot"]
    assert reader.take() == []
    assert [change["seq"] for change in said(Reader(series, 7).take())] == [8, 9, 10]
    assert said(Reader(series, 6).take())[0]["kind"] == "snapshot"


def test_few_large_changes_are_kept_as_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_KEPT_BYTES", 2500)
    series = Changes("e")
    for letter in "abcde":
        series.see(later(site={"name": letter * 1000}))
    assert len(said(Reader(series, 3).take())) == 2
    assert said(Reader(series, 2).take())[0]["kind"] == "snapshot"


def test_changes_put_together_are_the_document() -> None:
    """What a program does with them: replace by id, take out what is null, replace all else."""
    series = Changes("e")
    series.see(QUIET)
    reader = Reader(series, None)
    held = said(reader.take())[0]["status"]
    steps = [
        later(chargers={"bay-2": {"power_w": 5}}),
        later(chargers={"bay-2": {"power_w": 6}, "bay-3": {"power_w": 1}}, site={"power_w": 6}),
        later(chargers={}, candidates=[]),
    ]
    for step in steps:
        series.see(step)
        for change in said(reader.take()):
            for part in change.keys() - {"kind", "epoch", "seq", "ts"}:
                if part in changes.BY_ID:
                    held[part] = {k: v for k, v in (held[part] | change[part]).items() if v is not None}
                else:
                    held[part] = change[part]
        assert changed(held, step) == {}

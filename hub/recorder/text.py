"""Answers as text: CSV for spreadsheets. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from hub.recorder.query import Cell
from hub.recorder.times import iso

SPECIAL = frozenset(',"\r\n')


def header(names: Sequence[str], zone: tzinfo | None) -> str:
    """The first line of the CSV: the time, then names with their units."""
    return ",".join([time_name(zone), *names]) + "\n"


def time_name(zone: tzinfo | None) -> str:
    """What the column of times is called."""
    return "time_utc" if zone is None else "time_local"


def lines(rows: Iterable[Sequence[Cell]], zone: tzinfo | None) -> str:
    """Rows as CSV (RFC 4180, but with plain line ends); unknown is empty. The first cell is a second since 1970."""
    return "".join(f"{iso(int(at or 0), zone)},{','.join(map(_cell, cells))}\n" for at, *cells in rows)


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else f"{value:.15g}"
    return '"' + text.replace('"', '""') + '"' if SPECIAL & set(text) else text

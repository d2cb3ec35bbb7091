"""`evhub sessions`: who charged where, how much, and the totals of each charger and month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from hub.cli.history import CSV, SINCE, UNTIL, one_form, table
from hub.cli.order import done
from hub.cli.words import DATA, JSON

Row = Mapping[str, Any]

CSV_ROWS = 10_000
COLUMNS = ("started_at", "ended_at", "charger", "station", "transaction", "token", "energy_wh", "reason", "flags", "id")


@click.command(short_help="List charging sessions.")
@DATA
@JSON
@CSV
@SINCE
@UNTIL
@click.option("--charger", default=None, help="Only those of this charger.")
@click.option("--running/--ended", default=None, help="Only those that are open, or only those that are over.")
@click.option("--limit", type=click.IntRange(1, CSV_ROWS), default=None, help="At most so many, the newest. [100]")
def sessions(data: Path, as_json: bool, as_csv: bool, **asked: Any) -> None:
    """List charging sessions, newest first, and what each charger gave in each month."""
    one_form(as_json=as_json, as_csv=as_csv)
    args = {key: value for key, value in asked.items() if value is not None}
    if as_csv:
        args.setdefault("limit", CSV_ROWS)
    result = done(data, "sessions.list", args, as_json=as_json)
    for line in csv_lines(result["sessions"]) if as_csv else text_lines(result):
        click.echo(line)
    if result["more"]:
        click.echo(f"{result['more']} older ones are not shown: give a larger --limit, or another --from", err=True)


def csv_lines(rows: Sequence[Row]) -> Iterator[str]:
    """RFC 4180, times in UTC."""
    yield ",".join(COLUMNS)
    for row in rows:
        yield ",".join(_cell(" ".join(row[key]) if key == "flags" else row[key]) for key in COLUMNS)


def text_lines(result: Row) -> Iterator[str]:
    """Two tables: the sessions, and the totals."""
    columns = ("started", "ended", "charger", "token", "energy", "reason")
    yield from table(columns, [_row(row) for row in result["sessions"]])
    if not result["sessions"]:
        yield "no session began in this time"
        return
    yield ""
    yield from table(("month", "charger", "sessions", "energy"), [_total(row) for row in result["totals"]])


def _row(row: Row) -> Sequence[object]:
    reason = row["reason"] or ("" if row["ended_at"] else "running")
    marks = f" ({', '.join(row['flags'])})" if row["flags"] else ""
    return (_time(row["started_at"]), _time(row["ended_at"]), row["charger"], row["token"], _kwh(row), reason + marks)


def _total(row: Row) -> Sequence[object]:
    unknown = f" and {row['unknown']} unknown" if row["unknown"] else ""
    return row["month"], row["charger"], row["sessions"], f"{_kwh(row)}{unknown}"


def _kwh(row: Row) -> str:
    return "–" if row["energy_wh"] is None else f"{row['energy_wh'] / 1000:.2f} kWh"


def _time(moment: str | None) -> str | None:
    """By the clock of this machine."""
    return None if moment is None else f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if set(text) & set(',"\r\n') else text

"""`evhub history`, `totals` and `why`: what was measured, how much energy flowed, and why a bay had what it had."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from hub.cli import say
from hub.cli.order import done
from hub.cli.words import DATA, JSON
from hub.core.log import visible
from hub.model.errors import EvhubError
from hub.web.local import socket_path, stream

SINCE = click.option("--from", "since", default=None, help="From when on, by the site's clock: 2026-03-03 18:10.")
UNTIL = click.option("--to", "until", default="now", show_default=True, help="Until when.")
CSV = click.option("--csv", "as_csv", is_flag=True, help="CSV, however long it is; units are in the header.")


def one_form(*, as_json: bool, as_csv: bool) -> None:
    """Text, JSON or CSV."""
    if as_json and as_csv:
        raise click.UsageError("give --json or --csv, not both")


@click.command(short_help="Show what was measured.")
@DATA
@JSON
@CSV
@SINCE
@UNTIL
@click.option("--every", type=click.Choice(["raw", "5m", "1h", "1d"]), default=None, help="How finely.")
@click.option("--what", default=None, help="Of power, current, energy, status, limits: some with commas, or all.")
@click.option("--local", is_flag=True, help="Times by the site's clock instead of UTC.")
@click.argument("of")
def history(data: Path, as_json: bool, as_csv: bool, local: bool, **asked: str | None) -> None:
    """Show what was measured of a charger, a meter or a circuit, e.g. `evhub history bay-1 --from yesterday`."""
    one_form(as_json=as_json, as_csv=as_csv)
    args = {key: value for key, value in asked.items() if value is not None} | ({"local": "true"} if local else {})
    if as_csv:
        _stream(data, args)
        return
    result = done(data, "history.query", args, as_json=as_json)
    if result["note"]:
        click.echo(result["note"], err=True)
    for line in table(result["columns"], result["rows"]):
        click.echo(line)


@click.command(short_help="Sum up the energy of a time.")
@DATA
@JSON
@CSV
@SINCE
@UNTIL
@click.option(
    "--by", type=click.Choice(["total", "day", "month"]), default="total", show_default=True, help="One row for each."
)
def totals(data: Path, as_json: bool, as_csv: bool, **asked: str | None) -> None:
    """Sum up the energy of each charger and of the site, e.g. `evhub totals --from 2026-03-01 --by day`."""
    one_form(as_json=as_json, as_csv=as_csv)
    args = {key: value for key, value in asked.items() if value is not None}
    result = done(data, "history.totals", args, as_json=as_json)
    names = sorted({name for row in result["rows"] for name in row["chargers"]})
    columns = ["from", *(f"{name}_wh" for name in names), "chargers_wh", "grid_import_wh", "grid_export_wh"]
    rows = [[row["from"], *map(row["chargers"].get, names), *map(row.get, columns[-3:])] for row in result["rows"]]
    for line in [",".join(map(_cell, row)) for row in [columns, *rows]] if as_csv else table(columns, rows):
        click.echo(line)


@click.command(short_help="Say why a charger had its limit.")
@DATA
@JSON
@click.option("--at", default="now", show_default=True, help="When, by the site's clock: 2026-03-03 18:10.")
@click.argument("charger")
def why(data: Path, as_json: bool, at: str, charger: str) -> None:
    """Say why a charger had what it had, e.g. `evhub why bay-3 --at "2026-03-03 18:10"`."""
    for line in reason(done(data, "history.why", {"charger": charger, "at": at}, as_json=as_json)):
        click.echo(line)


def reason(found: Mapping[str, Any]) -> Iterator[str]:
    """The answer in a few lines."""
    yield f"{found['charger']} at {found['at']}"
    if "hour" in found:
        spent = ", ".join(f"{word} {seconds / 60:.0f} min" for word, seconds in found["limited_s"].items())
        yield f"  the details of that time are not kept any more; in the hour of {found['hour']}: {spent or 'unknown'}"
        return
    limit, text = f"{_cell(found['limit_a'])} A", found["text"] or "nobody knows why"
    yield f"  {text}" if text.startswith(limit) else f"  {limit}: {text}"
    where = " ".join(word for word in (found["circuit"], found["phase"]) if word)
    yield f"  reason {found['limit_reason']}{f' ({where})' if where else ''}, status {found['status'] or 'unknown'}"
    yield f"  since {found['since']}, until {found['until'] or 'now'}"


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Rows in columns as wide as what is in them; unknown is a dash."""
    cells = [list(columns), *([_cell(cell) or "–" for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))


def _cell(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else visible(str(value))


def _stream(data: Path, query: Mapping[str, str]) -> None:
    """CSV to stdout as it comes; while that is a file, a terminal is told how far it is."""
    tells = sys.stderr.isatty() and not sys.stdout.isatty()

    async def copy() -> None:
        rows = -1  # the header is none
        async for part in stream(socket_path(data), "/history", query):
            click.echo(part, nl=False)
            rows += part.count(b"\n")
            if tells:
                click.echo(f"\r{rows} rows", nl=False, err=True)
        if tells:
            click.echo(err=True)

    try:
        asyncio.run(copy())
    except EvhubError as trouble:
        say.fail(trouble)

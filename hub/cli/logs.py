"""`evhub logs`: what the running hub wrote into its log of late, and what it writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import click

from hub.cli import say
from hub.cli.words import DATA, JSON
from hub.core.log import LEVELS, MOST_KEPT, plain_line
from hub.model.errors import EvhubError
from hub.web.local import socket_path, stream


@click.command(short_help="Show the running hub's log.")
@DATA
@JSON
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--lines", "-n", type=click.IntRange(0, MOST_KEPT), default=200, show_default=True, help="So many.")
@click.option("--level", type=click.Choice(LEVELS), default="debug", help="Only lines as grave as this.")
@click.option("--room", "rooms", multiple=True, help="Only lines of this room, e.g. balance; it may be given again.")
def logs(data: Path, as_json: bool, follow: bool, lines: int, level: str, rooms: tuple[str, ...]) -> None:
    """Show the latest lines of the running hub's log, e.g. `evhub logs --follow --room balance`."""
    query = {"lines": str(lines), "level": level, "room": ",".join(rooms), "follow": str(follow).lower()}
    try:
        asyncio.run(_show(data, query, as_json=as_json))
    except KeyboardInterrupt:
        raise SystemExit(0) from None
    except EvhubError as trouble:
        say.fail(trouble, in_json=as_json)


async def _show(data: Path, query: dict[str, str], *, as_json: bool) -> None:
    async for line in lines_of(stream(socket_path(data), "/log", query)):
        click.echo(line.decode() if as_json else plain_line(json.loads(line)))


async def lines_of(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Whole lines out of whatever pieces they come in; empty ones are only a sign of life."""
    rest = b""
    async for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            if line:
                yield line

"""`evhub device`: what is in the drawing and what was found, and how that changes: adopt, rename, replace, retire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from hub.cli.order import done, pairs
from hub.cli.words import DATA, JSON

WISHES = click.argument("wishes", nargs=-1, metavar="[KEY=VALUE]...")


@click.group()
def device() -> None:
    """List, adopt, rename, replace and retire the chargers and meters of the running hub."""


@device.command("list")
@DATA
@JSON
def list_(data: Path, as_json: bool) -> None:
    """The devices of the drawing, and those that were found and wait to be adopted."""
    for line in lines(done(data, "device.list", {}, as_json=as_json)):
        click.echo(line)


@device.command(short_help="Add a found device to the configuration.")
@DATA
@JSON
@click.argument("station")
@WISHES
def adopt(data: Path, as_json: bool, station: str, wishes: tuple[str, ...]) -> None:
    """Add a found device to the configuration, e.g. `evhub device adopt CP-0001 circuit=garage phases=L1,L2,L3`."""
    result = done(data, "device.adopt", pairs(wishes) | {"station": station}, as_json=as_json)
    click.echo(f"{result['station']} is {result['kind']} {result['id']} now.")


@device.command()
@DATA
@JSON
@click.argument("id", metavar="DEVICE")
@click.argument("name")
def rename(data: Path, as_json: bool, id: str, name: str) -> None:
    """Give a charger or meter another name. Its id stays: topics, signs and history hang on it."""
    result = done(data, "device.rename", {"device": id, "name": name}, as_json=as_json)
    click.echo(f"{result['device']} is called {result['name']} now.")


@device.command(short_help="Let another station take the place of one.")
@DATA
@JSON
@click.argument("id", metavar="DEVICE")
@click.argument("station")
@WISHES
def replace(data: Path, as_json: bool, id: str, station: str, wishes: tuple[str, ...]) -> None:
    """Let another station take the place of one, e.g. `evhub device replace bay-3 CP-0009`.

    DEVICE is the id of a charger or meter, or a station with all its outlets. Id, name, circuit and history stay.
    A station that is not here yet is typed in: `evhub device replace bay-3 CP-0009 integration=ocpp`.
    """
    args = {"device": id, "station": station}
    result = done(data, "device.replace", pairs(wishes) | args, as_json=as_json)
    click.echo(f"{' and '.join(result['devices'])}: {result['station']} now, before {result['before']}.")


@device.command()
@DATA
@JSON
@click.argument("id", metavar="DEVICE")
def retire(data: Path, as_json: bool, id: str) -> None:
    """Take a charger, a meter or a station with all its outlets out of the drawing. History stays."""
    result = done(data, "device.retire", {"device": id}, as_json=as_json)
    click.echo(f"{' and '.join(result['devices'])} ({result['station']}) is not in the configuration any more.")


def lines(result: Mapping[str, Any]) -> Iterator[str]:
    """What `device.list` answers as two tables."""
    drawn, waiting = result["devices"], result["candidates"]
    yield from table([(d["id"], d["name"], d["station"], d["integration"], d["circuit"] or "") for d in drawn])
    if waiting:
        yield "found, not adopted:"
        yield from table([(c["station"], _address(c), c["integration"], c["model"] or "") for c in waiting])
    if not drawn and not waiting:
        yield "There is no device yet. Point a charger at the hub (OCPP), or see what 'evhub discover' hears."


def table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Rows in columns that are as wide as they must be."""
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip()


def _address(candidate: Mapping[str, Any]) -> str:
    address = candidate["address"]
    return f"{address['host']}:{address['port']}" if address else ""

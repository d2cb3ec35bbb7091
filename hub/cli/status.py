"""`evhub status`: the running site in a few lines."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from hub.cli import say
from hub.model.errors import EvhubError
from hub.web.local import ask, socket_path

Part = Mapping[str, Any]


def status(data: Path, *, as_json: bool) -> None:
    """Print circuits and chargers. Exit 3 when no hub runs on this data folder."""
    try:
        document = asyncio.run(ask(socket_path(data), "GET", "/status"))
    except EvhubError as trouble:
        say.fail(trouble, in_json=as_json)
    if as_json:
        say.as_json(document)
        return
    for line in lines(document):
        click.echo(line)


def lines(document: Part) -> list[str]:
    """The status document as text: the site, a line a circuit, a line a charger."""
    site = document["site"]
    count = site["chargers"]
    out = [f"{site['name']}: {count['charging']} of {count['total']} charging, {count['online']} online"]
    out += [f"  {name:<12} {_circuit(circuit)}" for name, circuit in document["circuits"].items()]
    out += [f"  {name:<12} {_charger(charger)}" for name, charger in document["chargers"].items()]
    out += _config(document["config"])
    out += [f"  {found['station']:<12} found, not adopted ({found['integration']})" for found in document["candidates"]]
    return out


def _config(config: Part) -> list[str]:
    """What somebody has to do about the file."""
    told = [f"  {key} needs a restart" for key in config["needs_restart"]]
    if config["problems"]:
        file = config["file"]
        told.append(f"  {file} has an error and does not count; see 'evhub check-config --config {file}'")
    return told


def _circuit(circuit: Part) -> str:
    pairs = zip(circuit["current_a"].values(), circuit["limit_a"].values(), strict=True)
    return " ".join(f"{_number(now)}/{_number(limit)} A" for now, limit in pairs)


def _charger(charger: Part) -> str:
    status = charger["status"] or "unknown"
    if not charger["online"]:
        status = "no contact"
    return f"{status:<15} {_number(charger['power_w']):>7} W  {charger['limit_text'] or ''}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}".removesuffix(".0")

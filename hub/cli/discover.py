"""`evhub discover`: listen to the network for a while and say what to do with each device."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path

import click

from hub.cli import folder, say
from hub.config.load import load
from hub.config.problem import BadConfigFile
from hub.devices.manifests import manifests
from hub.discovery.discover import listen_for
from hub.model.candidate import Candidate


def discover(data: Path, seconds: float, *, as_json: bool) -> None:
    """Print a line for each found device. Needs no running hub. Exit 0, also when nothing was found."""
    if not as_json:
        click.echo(f"Listening {seconds:g} s (mDNS) …")
    known = manifests()
    found = asyncio.run(listen_for(seconds, known, _interfaces(data)))
    if as_json:
        say.as_json([_plain(candidate) for candidate in found])
        return
    for candidate in found:
        title = known[candidate.integration].title
        click.echo(f"  {candidate.station:<20} {candidate.address or ''!s:<22} {title:<35} {_next(candidate, data)}")
    click.echo(f"{len(found)} found.")
    for manifest in known.values():
        if manifest.serves:
            click.echo(f"Not here? {manifest.title}: {manifest.docs}")


def _interfaces(data: Path) -> tuple[str, ...]:
    """Where the hub of this data folder would listen; everywhere while it has no configuration that can be used."""
    try:
        return load(data / "config.yaml").config.discovery.interfaces
    except BadConfigFile:
        return ()


def _next(candidate: Candidate, data: Path) -> str:
    return f"evhub order{folder.option(data)} device.adopt {shlex.quote(f'station={candidate.station}')}"


def _plain(candidate: Candidate) -> dict[str, object]:
    return {
        "station": candidate.station,
        "integration": candidate.integration,
        "kind": candidate.kind,
        "host": candidate.address.host if candidate.address else None,
        "port": candidate.address.port if candidate.address else None,
        "confidence": candidate.confidence,
        "model": candidate.model,
    }

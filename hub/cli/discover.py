"""`evhub discover`: listen to the network for a while and say what to do with each device."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from hub.cli import say
from hub.devices.manifests import manifests
from hub.discovery.discover import listen_for
from hub.model.candidate import Candidate


def discover(data: Path, seconds: float, *, as_json: bool) -> None:
    """Print a line for each found device. Needs no running hub. Exit 0, also when nothing was found."""
    if not as_json:
        click.echo(f"Listening {seconds:g} s (mDNS) …")
    known = manifests()
    found = asyncio.run(listen_for(seconds, known, ()))
    if as_json:
        say.as_json([_plain(candidate) for candidate in found])
        return
    for candidate in found:
        title = known[candidate.integration].title
        click.echo(f"  {candidate.station:<20} {candidate.address or ''!s:<22} {title:<30} {_next(candidate)}")
    click.echo(f"{len(found)} found.")
    for manifest in known.values():
        if manifest.serves:
            click.echo(f"Not here? {manifest.title}: {manifest.docs}")


def _next(candidate: Candidate) -> str:
    return f"evhub order device.adopt station={candidate.station}"


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

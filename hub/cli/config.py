"""`evhub config`: what the running hub makes of its configuration."""

from __future__ import annotations

from pathlib import Path

import click

from hub.cli.order import done
from hub.cli.words import DATA, JSON


@click.group()
def config() -> None:
    """What the running hub makes of its configuration."""


@config.command()
@DATA
@JSON
def reload(data: Path, as_json: bool) -> None:
    """Have the running hub read its file again. It does so by itself a few seconds after an edit."""
    result = done(data, "config.reload", {}, as_json=as_json)
    for key in result["changed"]:
        click.echo(f"  {key} is new")
    for key in result["needs_restart"]:
        click.echo(f"  {key} needs a restart")
    click.echo(f"{result['file']} was read." if result["changed"] else f"{result['file']} says nothing new.")

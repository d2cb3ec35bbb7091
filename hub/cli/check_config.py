"""`evhub check-config`: what is wrong with a configuration, all at once."""

from __future__ import annotations

from pathlib import Path

import click

from hub.cli import say
from hub.config.load import check


def check_config(data: Path, config: Path | None, *, as_json: bool) -> None:
    """Print every problem with its line and its next step. Exit 1 when there is an error, 0 with hints only."""
    path = config or _chosen(data)
    report = check(path)
    if as_json:
        say.as_json(report.to_json())
    else:
        click.echo(report.text())
    raise SystemExit(say.PROBLEM if report.errors else 0)


def _chosen(data: Path) -> Path:
    """The data folder's file; before the first start, ./config.yaml."""
    return data / "config.yaml" if (data / "config.yaml").exists() else Path("config.yaml")

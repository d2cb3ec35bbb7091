"""`evhub operator`: how cloud operators are kept up to date, what leaves the site for them, and sending it again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from hub.cli.order import done
from hub.cli.words import DATA, JSON

MOST = click.IntRange(1, 500)
OPERATOR = click.argument("operator_id", metavar="[OPERATOR]", required=False)


@click.group()
def operator() -> None:
    """See what a cloud operator gets and has got, and send it again."""


@operator.command()
@DATA
@JSON
@OPERATOR
def status(data: Path, as_json: bool, operator_id: str | None) -> None:
    """Say whether each operator is connected, and how far behind it is."""
    result = done(data, "operator.status", {"operator": operator_id}, as_json=as_json)
    for line in lines(result["operators"]):
        click.echo(line)


@operator.command()
@DATA
@JSON
@click.option(
    "--next", "next_", type=MOST, default=10, show_default=True, help="So many facts that it has not got yet."
)
@click.option("--last", type=MOST, default=None, help="So many of the latest facts instead.")
@OPERATOR
def preview(data: Path, as_json: bool, next_: int, last: int | None, operator_id: str | None) -> None:
    """Print just the JSON that leaves the site: a batch and the live status, after all filters."""
    args = {"operator": operator_id, "next": next_, "last": last}
    result = done(data, "operator.preview", args, as_json=as_json)
    if result["batch"] is None:
        click.echo("nothing waits; --last shows what went before", err=True)
    for document in (result["batch"], result["status"]):
        if document is not None:
            click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@operator.command()
@DATA
@JSON
@click.option("--from", "since", default=None, help="A place (seq), or a time like 2026-01-31T15:04:05Z.")
@OPERATOR
def replay(data: Path, as_json: bool, since: str | None, operator_id: str | None) -> None:
    """Send again what an operator may have lost, without --from all of it. What it has it knows by its place."""
    result = done(data, "operator.replay", {"operator": operator_id, "since": since}, as_json=as_json)
    click.echo(f"Entries of the journal that go to {result['operator']} again: {result['entries']}.")


def lines(operators: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What `operator.status` answers, three lines an operator."""
    if not operators:
        yield "No operator is configured: see operators in docs/reference/config.md."
    for name, view in operators.items():
        way = f"connected by {view['way']}" if view["connected"] else "not connected"
        yield f"{name}: {way} since {view['since']}, as {view['hub_id']}"
        oldest = "" if view["oldest_unsent_s"] is None else f", the oldest for {view['oldest_unsent_s']:.0f} s"
        yield f"  {view['behind']} behind{oldest} (it has {view['cursor']} of {view['head']})"
        yield f"  last ack: {_ack(view['last_ack'])}; last trouble: {view['last_error'] or 'none'}"


def _ack(ack: Mapping[str, Any] | None) -> str:
    return "none yet" if ack is None else f"{ack['at']}, up to {ack['upto']}"

"""`evhub user`, `evhub token` and `evhub audit`: who may operate the hub, and what was ordered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from hub.cli.history import table
from hub.cli.order import done
from hub.cli.words import DATA, JSON
from hub.model.person import Role

ROLES = click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in Role]),
    multiple=True,
    required=True,
    help="What they are to the site; give it several times for several.",
)
NAME = click.argument("name")


@click.group()
def user() -> None:
    """Say who may log in. Works on the box itself, also when every password is lost."""


@user.command("list")
@DATA
@JSON
def list_people(data: Path, as_json: bool) -> None:
    """Who may log in, and when they were here last."""
    people = done(data, "user.list", {}, as_json=as_json)["users"]
    rows = [(one["name"], ", ".join(one["roles"]), one["logins"], one["seen_at"]) for one in people]
    _say(("name", "roles", "logins", "here last"), rows, "nobody yet: claim the hub, or 'evhub user add'")


@user.command()
@DATA
@JSON
@ROLES
@NAME
def add(data: Path, as_json: bool, roles: tuple[str, ...], name: str) -> None:
    """Let somebody in, e.g. `evhub user add vera --role viewer`. The password is shown once."""
    _say_password(done(data, "user.add", {"name": name, "roles": list(roles)}, as_json=as_json))


@user.command()
@DATA
@JSON
@ROLES
@NAME
def role(data: Path, as_json: bool, roles: tuple[str, ...], name: str) -> None:
    """Say what somebody is to the site, in place of what it was."""
    result = done(data, "user.role", {"name": name, "roles": list(roles)}, as_json=as_json)
    click.echo(f"{result['name']} is {', '.join(result['roles'])} now.")


@user.command()
@DATA
@JSON
@NAME
def reset(data: Path, as_json: bool, name: str) -> None:
    """Give somebody a new password, which is shown once. Every login of theirs ends."""
    _say_password(done(data, "user.reset", {"name": name}, as_json=as_json))


@user.command("remove")
@DATA
@JSON
@NAME
def remove_person(data: Path, as_json: bool, name: str) -> None:
    """Let somebody in no more."""
    click.echo(f"{done(data, 'user.remove', {'name': name}, as_json=as_json)['name']} is not let in any more.")


@click.group()
def token() -> None:
    """Make and end tokens for programs: dashboards, scripts, Prometheus."""


@token.command("list")
@DATA
@JSON
def list_tokens(data: Path, as_json: bool) -> None:
    """Which programs have one. What it says is kept nowhere."""
    made = done(data, "token.list", {}, as_json=as_json)["tokens"]
    rows = [(one["name"], ", ".join(one["roles"]), one["made_by"], one["made_at"], one["ends_at"]) for one in made]
    _say(("name", "roles", "made by", "made", "ends"), rows, "no token yet")


@token.command()
@DATA
@JSON
@ROLES
@click.option("--days", type=click.IntRange(1, 3650), default=None, help="It ends after so many days.")
@NAME
def create(data: Path, as_json: bool, roles: tuple[str, ...], days: int | None, name: str) -> None:
    """Make a token, e.g. `evhub token create prometheus --role viewer`. It is shown once, alone on stdout."""
    args = {"name": name, "roles": list(roles)} | ({} if days is None else {"days": days})
    result = done(data, "token.create", args, as_json=as_json)
    click.echo("Send it as 'Authorization: Bearer …'. It is not shown again:", err=True)
    click.echo(result["token"])


@token.command()
@DATA
@JSON
@NAME
def revoke(data: Path, as_json: bool, name: str) -> None:
    """End a token."""
    click.echo(
        f"the token {done(data, 'token.revoke', {'name': name}, as_json=as_json)['name']} opens nothing any more."
    )


@click.command(short_help="Show who ordered what.")
@DATA
@JSON
@click.option("--from", "since", default=None, help="From when on: 2026-03-03T18:10:00Z.")
@click.option("--who", default=None, help="Only what this one ordered.")
@click.option("--order", default=None, help="Only this order.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="The newest so many.")
def audit(data: Path, as_json: bool, **asked: Any) -> None:
    """Show who ordered what, by which way and from where, and what came of it; the newest first."""
    args = {key: value for key, value in asked.items() if value is not None}
    lines = done(data, "audit.list", args, as_json=as_json)["lines"]
    rows = [(one["at"], _who(one), one["order"], _args(one["args"]), one["message"]) for one in lines]
    _say(("at", "who", "order", "arguments", "result"), rows, "nothing was ordered")


def _who(line: Mapping[str, Any]) -> str:
    return f"{line['who']} ({line['via']}{'' if line['origin'] is None else ', ' + line['origin']})"


def _args(args: object) -> str:
    return " ".join(f"{key}={value}" for key, value in args.items()) if isinstance(args, Mapping) else str(args)


def _say_password(result: Mapping[str, Any]) -> None:
    click.echo(f"{result['name']} logs in with this password, which is not shown again:", err=True)
    click.echo(result["password"])


def _say(columns: tuple[str, ...], rows: list[tuple[Any, ...]], none: str) -> None:
    for line in table(columns, rows) if rows else [none]:
        click.echo(line)

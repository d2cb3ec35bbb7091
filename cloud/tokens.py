"""`python -m cloud.tokens`: the tokens of hubs that push over HTTP. Only their hashes are kept."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

import click

from cloud.aggregator.database import Database, migrate
from cloud.aggregator.fleet import digest
from hub.wire.operator.topics import HUB_ID

DATABASE = click.option("--database", required=True, envvar="EVHUB_CLOUD_DATABASE", help="postgresql://…")


async def add(database_url: str, hub: str) -> str:
    """Make a token for a hub. Earlier ones stay valid until they are revoked, so that nobody is cut off."""
    token = secrets.token_urlsafe(32)
    await _execute(database_url, "INSERT INTO hub_token (digest, hub_id) VALUES (%s, %s)", [digest(token), hub])
    return token


async def revoke(database_url: str, hub: str) -> int:
    """End all tokens of a hub; answers how many there were."""
    return await _execute(database_url, "DELETE FROM hub_token WHERE hub_id = %s", [hub])


async def _execute(database_url: str, statement: str, values: Sequence[object]) -> int:
    database = Database(database_url)
    try:
        await migrate(database)
        async with database.transaction() as connection:
            return (await connection.execute(statement.encode(), values)).rowcount
    finally:
        await database.close()


@click.group()
def main() -> None:
    """Let hubs push over HTTP."""


@main.command("add")
@click.argument("hub")
@DATABASE
def add_token(hub: str, database: str) -> None:
    """Print a new token for HUB; it is not shown again."""
    if HUB_ID.fullmatch(hub) is None:
        raise click.BadParameter(f"{hub!r} is no hub id: 3 to 40 of a-z, 0-9 and -")
    click.echo(asyncio.run(add(database, hub)))


@main.command("revoke")
@click.argument("hub")
@DATABASE
def revoke_tokens(hub: str, database: str) -> None:
    """End all tokens of HUB."""
    click.echo(f"{asyncio.run(revoke(database, hub))} revoked")


if __name__ == "__main__":
    main()

"""`python -m cloud.command garage-1 charger.set_limit charger=bay-1 limit_a=10`: send one command and print the reply.

A command is heard by a hub that is connected now, or by nobody: it expires, and it is never stored on the way.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import click
import nats
from pydantic import JsonValue

from hub.wire.operator.base import read
from hub.wire.operator.messages import Command, Reply
from hub.wire.operator.topics import Topics


async def send(nats_url: str, hub: str, command: Command, within_s: float) -> Reply:
    """Send it and wait for its reply. Raises TimeoutError."""
    topics = Topics(hub)
    client = await nats.connect(nats_url, allow_reconnect=False)
    try:
        replies = await client.subscribe(topics.replies.replace("/", "."))
        await client.publish(topics.commands.replace("/", "."), command.to_json())
        async with asyncio.timeout(within_s):
            async for message in replies.messages:
                reply = read(Reply, message.data)
                if reply.id == command.id:
                    return reply
    finally:
        await client.close()
    raise TimeoutError


def arguments(words: tuple[str, ...]) -> Mapping[str, JsonValue]:
    """`name=value`: JSON where it is JSON, else text."""
    parted = [word.partition("=") for word in words]
    return {name: _value(text) for name, _, text in parted}


def _value(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value


@click.command()
@click.argument("hub")
@click.argument("name")
@click.argument("words", nargs=-1, metavar="[ARGUMENT=VALUE]...")
@click.option("--nats", "nats_url", required=True, envvar="EVHUB_CLOUD_NATS", help="nats://aggregator:password@host")
@click.option("--expires", default=30.0, show_default=True, help="After so many seconds nobody carries it out.")
def main(hub: str, name: str, words: tuple[str, ...], nats_url: str, expires: float) -> None:
    """Send the command NAME to HUB, and print the reply."""
    until = (datetime.now(UTC) + timedelta(seconds=expires)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    command = Command(id=uuid4().hex, name=name, args=dict(arguments(words)), expires_at=until)
    try:
        reply = asyncio.run(send(nats_url, hub, command, expires))
    except TimeoutError:
        click.echo(f"{hub} did not answer within {expires:.0f} s: see whether it is heard of in the fleet", err=True)
        sys.exit(1)
    click.echo(reply.to_json())
    sys.exit(0 if reply.ok else 1)


if __name__ == "__main__":
    main()

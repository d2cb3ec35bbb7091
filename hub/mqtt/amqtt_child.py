"""The broker where neither the user nor the machine has one: amqtt, run as `python -m hub.mqtt.amqtt_child CONFIG`.

CONFIG is a JSON file, {"bind", "port", "pid_file", "passwords"}; `passwords` is a file as mosquitto has it, or null for
a broker that lets everybody in. Ends at SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import ItemsView, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from amqtt.broker import Broker
from amqtt.contexts import BaseContext
from amqtt.errors import BrokerError
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session

from hub.mqtt import passwords

FAREWELL_S = 0.2


class Steady(dict[str, object]):
    """A dict that may be changed while somebody goes through it.

    amqtt 0.12 awaits inside loops over its subscriptions; another client that subscribes meanwhile ended the loop with
    "dictionary changed size", and left the connection without ears.
    """

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().__iter__()))

    def items(self) -> ItemsView[str, object]:  # type: ignore[override]  # dict_items has no public name
        """The pairs of this moment."""
        return dict(super().items()).items()


class OwnBroker(Broker):  # type: ignore[misc]
    """amqtt's broker, without what it does to a client that has just connected.

    amqtt 0.12 sends it the retained messages of everybody's subscriptions, asked for or not; and an order of a client
    that goes at once (`mosquitto_pub`) is dropped meanwhile.
    """

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        subscribers = self._subscriptions.get(subscription[0], [])
        if any(subscriber is session for subscriber, _ in subscribers):
            await super()._publish_retained_messages_for_subscription(subscription, session)


class PasswordFile(BaseAuthPlugin):  # type: ignore[misc]
    """Lets in who has a line in the password file."""

    @dataclass
    class Config:
        """Where the file is."""

        file: str

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._known = passwords.parsed(Path(self.config.file).read_text(encoding="utf-8"))

    async def authenticate(self, *, session: Session) -> bool:
        """True when user and password fit."""
        hashed = self._known.get(session.username or "")
        return hashed is not None and passwords.fits(session.password or "", hashed)


def settings(config: dict[str, str | None]) -> dict[str, object]:
    """amqtt's configuration, from ours."""
    file = config["passwords"]
    plugins: dict[str, object] = (
        {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
        if file is None
        else {"hub.mqtt.amqtt_child.PasswordFile": {"file": file}}
    )
    listener = {"type": "tcp", "bind": f"{config['bind']}:{config['port']}", "max_connections": 0}
    return {"listeners": {"default": listener}, "plugins": plugins}


async def serve(config: dict[str, str | None], pid_file: Path) -> None:
    """Serve until SIGTERM, and a moment longer, so that what was accepted goes out.

    Then end without amqtt's own shutdown: it has nothing to save, and in 0.12 it can hang on a client that was cut off.
    """
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    broker = OwnBroker(settings(config))
    broker._subscriptions = Steady()
    await broker.start()
    await told.wait()
    await asyncio.sleep(FAREWELL_S)
    _leave(pid_file)


def _leave(pid_file: Path) -> NoReturn:
    pid_file.unlink(missing_ok=True)
    os._exit(0)


def main(file: Path) -> int:
    """Read the configuration, leave a pid file while running, answer the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    config = json.loads(file.read_text(encoding="utf-8"))
    pid_file = Path(config["pid_file"])
    pid_file.write_text(f"{os.getpid()}\n", encoding="utf-8")
    try:
        asyncio.run(serve(config, pid_file))
    except BrokerError as failed:
        logging.critical("%s", failed)
        pid_file.unlink(missing_ok=True)
    return 1  # it ends by SIGTERM or by a failure


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

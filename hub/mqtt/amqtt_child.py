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
from dataclasses import dataclass
from pathlib import Path

from amqtt.broker import Broker
from amqtt.contexts import BaseContext
from amqtt.errors import BrokerError
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session

from hub.mqtt import passwords


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


async def serve(config: dict[str, str | None]) -> None:
    """Serve until SIGTERM."""
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    broker = Broker(settings(config))
    await broker.start()
    await told.wait()
    await broker.shutdown()


def main(file: Path) -> int:
    """Read the configuration, leave a pid file while running, answer the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    config = json.loads(file.read_text(encoding="utf-8"))
    pid_file = Path(config["pid_file"])
    pid_file.write_text(f"{os.getpid()}\n", encoding="utf-8")
    try:
        asyncio.run(serve(config))
    except BrokerError as failed:
        logging.critical("%s", failed)
        return 1
    finally:
        pid_file.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

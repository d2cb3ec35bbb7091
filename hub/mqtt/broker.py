"""Which broker: the user's, else a supervised mosquitto, else a supervised amqtt.

The child has a session of its own, so it survives a killed hub: it publishes the hub's last will, and the next start
adopts it. It is *ours and alive* when the process of the pid file has our configuration file on its command line (a
zombie has none), and it is adopted when that file still says what we want and a connection with our password works.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from hub.core.keep import Keep
from hub.core.mqtt_link.link import answers
from hub.core.mqtt_link.server import Server
from hub.core.tasks import Tasks, back_off_s
from hub.model.errors import BadConfig, EvhubError, PortInUse, Unreachable
from hub.mqtt import passwords
from hub.mqtt.config import MqttConfig

log = logging.getLogger(__name__)

HUB_USER, SITE_USER = "hub", "site"
READY_DEADLINE_S = 15.0
END_DEADLINE_S = 5.0
LOOK_EVERY_S = 0.5
STABLE_AFTER_S = 60.0
PROC = Path("/proc")


class Broker(Protocol):
    """A broker for the hub to use."""

    @property
    def entrance(self) -> str:
        """For people: what they need beside the address, or nothing."""
        ...

    async def start(self) -> Server:
        """Have it running where that is ours to do; answers where it is. Raises PortInUse or BadConfig."""
        ...

    async def stop(self) -> None:
        """End it where it is ours. The hub's client has said goodbye before."""
        ...


def choose(config: MqttConfig, folder: Path) -> Broker:
    """The user's broker, else mosquitto where it is on PATH, else amqtt. `folder` is `<data>/mqtt`."""
    if config.remote is not None:
        return Theirs(config.remote)
    folder = folder.resolve()  # what stands on a command line must name the same file from everywhere
    path = shutil.which("mosquitto")
    if path is None:
        log.warning(
            "mosquitto is not on PATH, so amqtt serves as the broker: slower, without MQTT 5, and it forgets retained "
            "messages and waiting ones of other programs when it ends. Install mosquitto (apt install mosquitto)%s",
            "; /usr/sbin/mosquitto exists: add /usr/sbin to PATH" if Path("/usr/sbin/mosquitto").exists() else "",
        )
        return Child(config, folder, amqtt(config, folder))
    return Child(config, folder, mosquitto(path, config, folder))


class Theirs:
    """The user's own broker: it needs no starting and no stopping."""

    entrance = ""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def start(self) -> Server:
        """Where it is."""
        return self._server

    async def stop(self) -> None:
        """Nothing to end."""


@dataclass(frozen=True, slots=True)
class Program:
    """A broker program: its command line, which names its configuration file, and what is in that file."""

    name: str
    command: tuple[str, ...]
    config: Path
    text: str


def mosquitto(path: str, config: MqttConfig, folder: Path) -> Program:
    """mosquitto 2 with our settings."""
    rows = [
        "# Written by evhub at every start of this broker: changes are lost.",
        f"listener {config.port} {config.bind}",
        "set_tcp_nodelay true",
        f"pid_file {folder / 'broker.pid'}",
        "persistence true",
        f"persistence_location {folder}/",
        "autosave_interval 300",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "connection_messages false",
        "allow_anonymous true" if config.anonymous else "allow_anonymous false",
    ]
    if not config.anonymous:
        rows.append(f"password_file {folder / 'passwords'}")
    if os.geteuid() == 0:
        rows.append("user root")  # else it steps down to a user that can read neither file nor folder
    conf = folder / "mosquitto.conf"
    return Program("mosquitto", (path, "-c", str(conf)), conf, "\n".join(rows) + "\n")


def amqtt(config: MqttConfig, folder: Path) -> Program:
    """amqtt in a Python of its own."""
    settings = {
        "bind": config.bind,
        "port": config.port,
        "pid_file": str(folder / "broker.pid"),
        "passwords": None if config.anonymous else str(folder / "passwords"),
    }
    file = folder / "amqtt.json"
    command = (sys.executable, "-m", "hub.mqtt.amqtt_child", str(file))
    return Program("amqtt", command, file, json.dumps(settings, indent=1) + "\n")


class Child:
    """A broker that runs as our child process, or as that of the hub before us."""

    def __init__(self, config: MqttConfig, folder: Path, program: Program) -> None:
        self._config, self._folder, self._program = config, folder, program
        self._process: subprocess.Popen[bytes] | None = None
        self._tasks = Tasks("mqtt.broker")
        self._passwords: Mapping[str, str] = {}

    async def start(self) -> Server:
        """Adopt the living one or start one, and watch over it from then on."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        if not self._config.anonymous:
            self._passwords = credentials(self._folder)
        if not await self._adopted():
            await self._start_first()
        self._tasks.keep("watch", self._watch)
        return self._server

    async def stop(self) -> None:
        """End it and wait until it has gone."""
        await self._tasks.close()
        await self._end()

    @property
    def entrance(self) -> str:
        """The user for people and programs, and where its password is; it stands in no log."""
        return f", user {SITE_USER}, password in {self._folder / 'credentials.json'}" if self._passwords else ""

    @property
    def _server(self) -> Server:
        to_self = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._config.bind, self._config.bind)
        server = Server(to_self, self._config.port)
        return replace(server, username=HUB_USER, password=self._passwords[HUB_USER]) if self._passwords else server

    async def _adopted(self) -> bool:
        pid = self._pid()
        if pid is None or str(self._program.config) not in _command_line(pid):
            return False
        if _text(self._program.config) != self._program.text or not await answers(self._server):
            return False
        log.info("%s of the run before (pid %d) still serves %s", self._program.name, pid, self._server)
        return True

    async def _start_first(self) -> None:
        try:
            await self._launch()
        except Unreachable as failed:
            log.error("%s. The hub runs on without MQTT and keeps trying. %s", failed.message, failed.next)
            return
        log.info("%s serves %s%s", self._program.name, self._server, self.entrance)

    async def _launch(self) -> None:
        """End a stale one of ours, then start a new one and wait until it answers."""
        await self._end()
        check_free(self._config.bind, self._config.port)
        self._write_files()
        self._spawn()
        try:
            async with asyncio.timeout(READY_DEADLINE_S):
                while not await answers(self._server):
                    self._check_running()
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise Unreachable(
                f"{self._program.name} does not answer", f"see {self._log}; mosquitto has to be 2 or newer"
            ) from None

    def _write_files(self) -> None:
        if self._passwords:
            rows = [passwords.line(user, word, secrets.token_bytes(12)) for user, word in self._passwords.items()]
            _write_private(self._folder / "passwords", "".join(rows))
        _write_private(self._program.config, self._program.text)

    def _spawn(self) -> None:
        with self._log.open("wb") as file:
            self._process = subprocess.Popen(
                self._program.command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )

    def _check_running(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            last = next(iter(reversed(_text(self._log).splitlines())), "it said nothing")
            raise Unreachable(f"{self._program.name} ended at once: {last}", f"see {self._log}")

    @property
    def _log(self) -> Path:
        return self._folder / f"{self._program.name}.log"

    async def _watch(self) -> None:
        """Start it again when it has died: at once, then with back-off until one has lived for a while."""
        attempt, loop = 0, asyncio.get_running_loop()
        began = loop.time()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._pid() is not None:
                attempt = 0 if loop.time() - began > STABLE_AFTER_S else attempt
                continue
            attempt += 1
            if attempt == 1:
                log.warning("%s does not run; starting it again (its log: %s)", self._program.name, self._log)
            else:
                await asyncio.sleep(back_off_s(attempt - 1))
            await self._again(first=attempt == 1)
            began = loop.time()

    async def _again(self, *, first: bool) -> None:
        try:
            await self._launch()
            log.info("%s serves %s again", self._program.name, self._server)
        except EvhubError as failed:
            log.log(logging.ERROR if first else logging.DEBUG, "%s. %s", failed.message, failed.next)

    def _pid(self) -> int | None:
        """The process of the pid file, when it runs a broker of ours."""
        if self._process is not None:
            self._process.poll()  # an ended child stays a zombie until somebody asks
        try:
            pid = int(_text(self._folder / "broker.pid"))
        except ValueError:
            return None
        return pid if any(Path(word).parent == self._folder for word in _command_line(pid)) else None

    async def _end(self) -> None:
        """End the broker of ours that runs, if one does: politely, then not."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            pid = self._pid() or self._spawned()
            if pid is None:
                return
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            await self._gone(END_DEADLINE_S)

    def _spawned(self) -> int | None:
        """A child that has not come as far as its pid file."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    async def _gone(self, within_s: float) -> None:
        for _ in range(int(within_s / 0.02)):
            if self._pid() is None and self._spawned() is None:
                return
            await asyncio.sleep(0.02)
        log.warning("%s does not end within %.0f s", self._program.name, within_s)


def check_free(bind: str, port: int) -> None:
    """Raise PortInUse or BadConfig, with the next step, when nobody could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as failed:
            raise _explained(failed, bind, port) from failed


def _explained(failed: OSError, bind: str, port: int) -> PortInUse | BadConfig:
    if failed.errno == errno.EADDRINUSE:
        return PortInUse(
            f"port {port} on {bind} is used by another program",
            f"set another mqtt.port in config.yaml; if a broker runs there (ss -ltnp 'sport = :{port}' names it), "
            f"use it with mqtt.broker: mqtt://user:password@{bind}:{port}",
        )
    if failed.errno == errno.EACCES:
        return PortInUse(f"port {port} needs more rights than this user has", "set mqtt.port to 1024 or above")
    return BadConfig(f"cannot listen on {bind}:{port}: {failed.strerror}", "check mqtt.bind and mqtt.port")


def credentials(folder: Path) -> Mapping[str, str]:
    """The passwords of the hub and of the site's people and programs; made once, in a file that only we can read."""
    keep = Keep(folder)
    kept = keep.load("credentials")
    if isinstance(kept, dict) and all(isinstance(kept.get(user), str) for user in (HUB_USER, SITE_USER)):
        return {user: kept[user] for user in (HUB_USER, SITE_USER)}
    fresh = {user: secrets.token_urlsafe(24) for user in (HUB_USER, SITE_USER)}
    keep.save("credentials", fresh)
    return fresh


def client_name(folder: Path) -> str:
    """A client id that stays: the broker then sends the will of our dead connection before we are back, not after.

    At most 23 letters and digits, which every broker takes (MQTT 3.1.1, 3.1.3.1).
    """
    keep = Keep(folder)
    kept = keep.load("client")
    if isinstance(kept, str) and kept:
        return kept
    fresh = f"evhub{secrets.token_hex(8)}"
    keep.save("client", fresh)
    return fresh


def _command_line(pid: int) -> list[str]:
    """The words of a living process; empty for one that is gone, or a zombie."""
    return _text(PROC / str(pid) / "cmdline").split("\0")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _write_private(file: Path, text: str) -> None:
    with open(file, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        out.write(text)

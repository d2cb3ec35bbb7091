"""`evhub demo`: a hub and, in a process of its own, a simulated site that speaks the real protocols to it.

The hub is the ordinary one. It browses on loopback, and what it finds is adopted by the ordinary order; the simulator's
list only says which of the found devices are ours, and where each hangs in the drawing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import shlex
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, ConfigDict

from hub.app import App
from hub.cli import folder, say
from hub.cli.loop import run_loop
from hub.cli.run import until_signal
from hub.config.load import load
from hub.config.shipped import shipped
from hub.core.log import to_stderr
from hub.core.orders import Caller, Envelope
from hub.model.errors import EvhubError, NotFound, Unreachable
from hub.model.person import EVERYBODY

OWNER = "owner"
DEMO = Caller("demo", "cli", EVERYBODY)
LOOPBACK = "127.0.0.1"
FOUND_WITHIN_S = 30.0
IN_ORDER_FOR_S = 6.0
READY_WITHIN_S = 30.0

SECTIONS = """
web: {{port: {web}, bind: {bind}}}
ocpp: {{port: {ocpp}, bind: {bind}}}
mqtt: {{port: {mqtt}, bind: {bind}, anonymous: true}}
discovery: {{interfaces: [{bind}]}}
"""


class Options(BaseModel):
    """The options of the command."""

    model_config = ConfigDict(frozen=True)

    port: int
    ocpp_port: int
    mqtt_port: int
    data: Path | None
    site: str
    seed: int
    speed: float
    duration: float
    report: Path | None


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports that the demo really has."""

    web: int
    ocpp: int
    mqtt: int


def demo(options: Options) -> None:
    """Run until Ctrl-C or for `duration` seconds; everything that was started is stopped."""
    to_stderr()
    with contextlib.ExitStack() as stack:
        data = options.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evhub-demo-")))
        try:
            folder.ready(data)
            run_loop(until_signal(_demo(options, data)))
        except EvhubError as trouble:
            say.fail(trouble)


async def _demo(options: Options, data: Path) -> None:
    ports = Ports(*(port or _free_port() for port in (options.port, options.ocpp_port, options.mqtt_port)))
    app = App(load(_config(options, ports, data)), data)
    await app.start()
    try:
        async with simulator(options, ports) as site:
            click.echo(f"{app.picture.site.name} (virtual): {len(site['bays'])} bays, speed {options.speed:g}.")
            login = await _owner(app)
            for line in (*app.addresses(), f"  login {login}", *_hints(ports, data)):
                click.echo(line)
            sys.stdout.flush()
            try:
                await adopt_all(app, site)
                await _until_the_end(options.duration)
            finally:
                await app.stop()  # before its site goes, so that it does not mourn each device
    finally:
        await app.stop()


def _config(options: Options, ports: Ports, data: Path) -> Path:
    """The demo's drawing from its blueprint, with everything on loopback."""
    blueprint = shipped("blueprints").joinpath("site", f"{Path(options.site).stem}.yaml")
    if not blueprint.is_file():
        raise NotFound(f"there is no drawing for a site '{options.site}'", "take demo or two")
    config = data / "config.yaml"
    sections = SECTIONS.format(bind=LOOPBACK, **asdict(ports))
    config.write_text(blueprint.read_text(encoding="utf-8") + sections, encoding="utf-8")
    return config


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _hints(ports: Ports, data: Path) -> list[str]:
    return [
        f"Watch it:    mosquitto_sub -p {ports.mqtt} -t 'evhub/#' -v",
        f"Ask it:      evhub status --data {shlex.quote(str(data))}",
        f"Command it:  evhub order --data {shlex.quote(str(data))} charger.set_limit charger=bay-1 limit_a=10",
        "Stop with Ctrl-C.",
    ]


@contextlib.asynccontextmanager
async def simulator(options: Options, ports: Ports) -> AsyncIterator[Mapping[str, Any]]:
    """The simulated site as a child process; gives what it says of itself, and ends it at the end."""
    command = [
        *(sys.executable, "-m", "simulator", options.site, "--with-parent"),
        *("--seed", str(options.seed), "--speed", str(options.speed), "--suffix", secrets.token_hex(3)),
        *("--ocpp", f"ws://{LOOPBACK}:{ports.ocpp}/ocpp", "--mdns", LOOPBACK),
        *(("--report", str(options.report)) if options.report else ()),
    ]
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        yield await _first_words(child)
    finally:
        await _end(child)


async def _first_words(child: asyncio.subprocess.Process) -> Mapping[str, Any]:
    assert child.stdout is not None
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            line = await child.stdout.readline()
    except TimeoutError:
        raise Unreachable(f"the simulator said nothing for {READY_WITHIN_S:.0f} s") from None
    if not line:
        raise Unreachable("the simulator ended at once", "pip install 'evhub[demo]' brings what it needs")
    said: Mapping[str, Any] = json.loads(line)
    return said


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.stdin is not None:
        child.stdin.close()
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    last = b"" if child.stdout is None else await child.stdout.read()
    await child.wait()
    for said in map(json.loads, last.decode().splitlines()):
        if "elapsed_s" in said:  # it also says that it is ready, when it is ended while it starts
            _say_summary(said)


def _say_summary(said: Mapping[str, Any]) -> None:
    """The simulator's last word: what really flowed, which the hub can only measure."""
    click.echo(f"{said['elapsed_s']:.0f} s, {said['energy_wh'] / 1000:.1f} kWh charged.")
    for name, circuit in said["circuits"].items():
        over_s = circuit["longest_overload_s"]
        worst = f"{circuit['worst_overload_a']:.1f} A over, {over_s:g} s at the longest" if over_s else "never"
        click.echo(f"  {name:<10} above its limit: {worst}")


async def _owner(app: App) -> str:
    """Somebody to log in as; a demo that goes on in its folder gives him a new password."""
    added = await app.orders.answer(Envelope("user.add", {"name": OWNER, "roles": ["owner", "installer"]}), DEMO)
    if added.error is not None:
        added = await app.orders.answer(Envelope("user.reset", {"name": OWNER}), DEMO)
    password = (added.result or {}).get("password", "unknown")
    return f"{OWNER}, password {password}"


async def adopt_all(app: App, site: Mapping[str, Any]) -> None:
    """Adopt every device of the simulated site: the meters first, then bay after bay; who is late, comes late."""
    ours = [_wishes(meter, "meter") for meter in site["meters"]] + [_wishes(bay, "bay") for bay in site["bays"]]
    loop = asyncio.get_running_loop()
    in_order_until, deadline = loop.time() + IN_ORDER_FOR_S, loop.time() + FOUND_WITHIN_S
    while ours and loop.time() < deadline:
        listed = {candidate.station.casefold(): candidate.station for candidate in app.discovery.candidates}
        if loop.time() < in_order_until and any(wishes["station"].casefold() not in listed for wishes in ours):
            await asyncio.sleep(0.2)
            continue
        for wishes in [wishes for wishes in ours if wishes["station"].casefold() in listed]:
            ours.remove(wishes)
            await _adopt(app, wishes | {"station": listed[wishes["station"].casefold()]})
        await asyncio.sleep(0.2)
    for wishes in ours:
        click.echo(f"{wishes['station']} was not found within {FOUND_WITHIN_S:.0f} s", err=True)


def _wishes(device: Mapping[str, Any], kind: str) -> dict[str, Any]:
    keys = ("station", "connector", "circuit", "phases", "max_a", "min_a")
    return {"id": device[kind], **{key: device[key] for key in keys if device.get(key) is not None}}


async def _adopt(app: App, wishes: Mapping[str, Any]) -> None:
    reply = await app.orders.answer(Envelope("device.adopt", wishes), DEMO)
    if reply.error is not None:
        click.echo(f"{wishes['station']}: {reply.error.message}", err=True)


async def _until_the_end(duration_s: float) -> None:
    async with contextlib.AsyncExitStack() as stack:
        if duration_s > 0:
            stack.enter_context(contextlib.suppress(TimeoutError))
            await stack.enter_async_context(asyncio.timeout(duration_s))
        await asyncio.Event().wait()

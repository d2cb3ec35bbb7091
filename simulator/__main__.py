"""`python -m simulator demo`: plays a charging site on the real protocols until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from pydantic import ValidationError

from simulator.devices.base import Net
from simulator.report import Json, summary
from simulator.run import report, running
from simulator.site_file import BadSiteFile, load_site
from simulator.world.world import World, seconds_of_day


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("site", help="a site file, or the name of a shipped one: demo, two")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same visits, house and clouds")
    parser.add_argument("--speed", type=_speed, default=1.0, help="the world passes so much faster; the wire does not")
    parser.add_argument("--start", type=_time_of_day, default="07:00", help="the world's time at the start")
    parser.add_argument("--ocpp", default=Net().ocpp_url, help="where OCPP chargers dial; /<identity> is appended")
    parser.add_argument("--mqtt", default=Net().mqtt, help="broker of MQTT devices: mqtt://user:password@host:port")
    parser.add_argument("--mdns", help="address of the interface on which devices announce themselves")
    parser.add_argument("--suffix", default="", help="makes this run's identities and serials unlike any other's")
    parser.add_argument("--control", type=int, default=0, help="port of the control surface; 0 takes a free one")
    parser.add_argument("--report", type=Path, help="file for the truth, a JSON line each second")
    parser.add_argument("--duration", type=float, help="end after so many real seconds")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    return parser.parse_args(words)


async def play(asked: argparse.Namespace) -> None:
    """Run the site until a signal, the parent's end or the duration."""
    world = World(load_site(asked.site), asked.seed, asked.speed, asked.start)
    net = Net(ocpp_url=asked.ocpp, mqtt=asked.mqtt, mdns=asked.mdns, suffix=asked.suffix)
    ended = asyncio.Event()
    _end_on_signals(ended)
    if asked.with_parent:
        _end_with_stdin(ended)
    async with AsyncExitStack() as stack:
        run = await stack.enter_async_context(running(world, net, asked.control))
        if asked.report is not None:
            file = stack.enter_context(asked.report.open("w", encoding="utf-8"))
            reporting = asyncio.create_task(report(world, file))
            stack.push_async_callback(_cancel, reporting)
        say(run.ready())
        with suppress(TimeoutError):
            async with asyncio.timeout(asked.duration):
                await ended.wait()
    say(summary(world))


def say(line: Json) -> None:
    """One JSON line on standard output; nobody may be there to read it any more."""
    with suppress(BrokenPipeError):
        print(json.dumps(line), flush=True)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _end_on_signals(ended: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)


def _end_with_stdin(ended: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            ended.set()

    loop.add_reader(0, readable)


def _speed(text: str) -> float:
    speed = float(text)
    if not 0.1 <= speed <= 1000:
        raise argparse.ArgumentTypeError("a number from 0.1 to 1000")
    return speed


def _time_of_day(text: str) -> str:
    try:
        seconds_of_day(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from wrong
    return text


def main() -> int:
    """The exit code: 0, or 2 for a site file or option that cannot be used."""
    try:
        asyncio.run(play(arguments()))
    except (BadSiteFile, ValidationError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

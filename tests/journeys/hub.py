"""A whole hub in a process of its own, started by its own command line and looked at from outside."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import door

EVHUB = str(Path(sys.executable).with_name("evhub"))
Json = dict[str, Any]


@dataclass
class Hub:
    """A running `evhub run` or `evhub demo`, and the addresses that it printed."""

    process: subprocess.Popen[str]
    data: Path
    said: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        """The address of a page."""
        return self._first(r"(http://127\.0\.0\.1:\d+)/app/") + path

    @property
    def mqtt_port(self) -> int:
        """Where its broker listens."""
        return int(self._first(r"mqtt\s+mqtt://127\.0\.0\.1:(\d+)"))

    def _first(self, pattern: str) -> str:
        found = re.search(pattern, "\n".join(self.said))
        assert found, f"{pattern} is not in what it said: {self.said}"
        return found.group(1)

    def status(self) -> Json:
        """What `/api/v1/status` answers."""
        return door.status(self.data)

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `evhub` command on this hub's data folder."""
        return run(*arguments, "--data", str(self.data))

    def wait_for(self, what: Callable[[Json], bool], within_s: float) -> Json:
        """The first status that is as wanted."""
        deadline = time.monotonic() + within_s
        status = self.status()
        while not what(status):
            assert time.monotonic() < deadline, f"not within {within_s} s; the last status: {json.dumps(status)[:3000]}"
            assert self.process.poll() is None, "the hub ended"
            time.sleep(0.2)  # noqa: TID251 - looks from outside, at another process
            status = self.status()
        return status


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """One `evhub` command to its end."""
    return subprocess.run([EVHUB, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def started(arguments: Sequence[str], data: Path, last_line: str) -> Iterator[Hub]:
    """A hub that has said its addresses, until `last_line`; ended by SIGINT as Ctrl-C does it."""
    log = open(data.parent / "hub.log", "w")  # noqa: SIM115 - closed below, after the process
    process = subprocess.Popen(
        [EVHUB, *arguments, "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=log,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    hub = Hub(process, data)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            hub.said.append(line.rstrip())
            if last_line in line:
                break
        assert last_line in hub.said[-1], f"it ended: {hub.said}\n{(data.parent / 'hub.log').read_text()}"
        yield hub
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            log.close()


@contextmanager
def demo(data: Path, *options: str) -> Iterator[Hub]:
    """A demo on free ports."""
    ports = ("--port", "0", "--ocpp-port", "0", "--mqtt-port", "0")
    with started(("demo", *ports, *options), data, "Stop with Ctrl-C") as hub:
        yield hub


def charging(status: Json) -> list[str]:
    """The bays whose cars really draw."""
    return [id for id, c in status["chargers"].items() if c["status"] == "charging" and (c["power_w"] or 0) > 500]

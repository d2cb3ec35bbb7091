"""A running site whose cables can be pulled: hub, broker and simulated devices, each a process of its own.

What really flowed is judged by the simulator's side, several times a second, not by what the hub believes.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from ruamel.yaml import YAML

from tests import door
from tests.conftest import process_ended, unused_port
from tests.journeys.hub import EVHUB, run

Json = dict[str, Any]
PLAN = Path(__file__).with_name("site.yaml")
LOOK_S = 0.2  # between two looks at what really flows
CALM_S = 3.0
OVER_A = 0.1  # so much above a limit is rounding
NEARLY_A = 2.0  # the meter's margin, rounding, and what a raise is not worth a write for
BAYS = ("bay-1", "bay-2", "bay-3", "bay-4")
NOISE = ("Traceback", "never retrieved", "never awaited", "was destroyed but")


def wait_until(what: Callable[[], Any], within_s: float, why: str = "") -> Any:
    """The first true answer of `what`; fails when there is none in time."""
    deadline_s = time.monotonic() + within_s
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < deadline_s, f"not within {within_s:g} s: {why or what}"
        time.sleep(0.1)  # noqa: TID251 - looks from outside, at other processes


@dataclass(frozen=True, slots=True)
class Look:
    """What really flowed at one moment."""

    at_s: float
    truth: Json

    def over_a(self, circuit: str) -> float:
        """How far the circuit was above its limit on its worst line; negative: below."""
        one = self.truth["circuits"][circuit]
        return max(abs(float(a)) - float(limit) for a, limit in zip(one["current_a"], one["limit_a"], strict=True))

    def drawn_a(self, bay: str) -> float:
        """The current of a bay on its fullest line."""
        return max(float(a) for a in self.truth["bays"][bay]["current_a"])


class Simulator:
    """The devices, the cars and the house; looks at what really flows as long as it lives."""

    def __init__(self, plan: Path, folder: Path, ocpp_port: int, *options: str) -> None:
        self.looks: list[Look] = []
        words = ("--ocpp", f"ws://127.0.0.1:{ocpp_port}/ocpp", "--mdns", "127.0.0.1", "--with-parent", *options)
        with (folder / "simulator.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "simulator", str(plan), *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=Path(__file__).parents[2],
            )
        assert self.process.stdout is not None
        self.ready: Json = json.loads(self.process.stdout.readline())
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._watch, daemon=True)
        self._looking.start()

    def look(self) -> Look:
        """What flows now."""
        return Look(time.monotonic(), self.get("truth"))

    def _watch(self) -> None:
        while not self._over.wait(LOOK_S):
            with suppress(OSError, urllib.error.URLError):
                self.looks.append(self.look())

    def get(self, path: str) -> Json:
        """A question to the control surface."""
        with urllib.request.urlopen(f"{self.ready['control']}/{path}", timeout=10) as answer:
            document: Json = json.load(answer)
            return document

    def post(self, path: str, **order: Any) -> None:
        """An order to the control surface."""
        request = urllib.request.Request(f"{self.ready['control']}/{path}", json.dumps(order).encode(), method="POST")
        try:
            urllib.request.urlopen(request, timeout=5).close()
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{path} {order}: {refused.read().decode()}") from refused

    def fault(self, device: str, fault: str, for_s: float) -> None:
        """Break something for a while; `device` is a bay or the name of a device."""
        self.post("fault", device=device, fault=fault, for_s=for_s)

    def house(self, *extra_a: float) -> None:
        """More house load on L1, L2, L3."""
        self.post("house", extra_a=extra_a)

    def since(self, from_s: float, until_s: float = math.inf) -> list[Look]:
        """All looks from that moment on, or between two."""
        return [look for look in self.looks if from_s <= look.at_s <= until_s]

    def raised(self, before: Mapping[str, float], from_s: float, until_s: float) -> list[str]:
        """The bays that offered their cars more than before at any time between."""
        looks = self.since(from_s, until_s)
        assert looks, "nobody looked"
        return [bay for bay, a in before.items() if any(look.truth["bays"][bay]["offered_a"] > a for look in looks)]

    def longest_over_s(self, circuit: str, from_s: float) -> float:
        """The longest time without a break that the circuit was above its limit since then."""
        longest_s, began_s = 0.0, None
        for look in self.since(from_s):
            if look.over_a(circuit) <= OVER_A:
                began_s = None
                continue
            began_s = look.at_s if began_s is None else began_s
            longest_s = max(longest_s, look.at_s - began_s + LOOK_S)
        return longest_s

    def paused(self, bay: str, from_s: float) -> bool:
        """Whether its car stood still at any time since then."""
        return any(look.drawn_a(bay) < 1 for look in self.since(from_s))

    def end(self, *, kill: bool = False) -> None:
        """Let it go, or tear it down."""
        self._over.set()
        (self.process.kill if kill else self.process.terminate)()
        self.process.communicate(timeout=10)
        self._looking.join(5)


class Listener:
    """An ordinary MQTT client beside the hub; remembers when it heard what."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[float, str, bytes]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _c, _u, m: self.heard.append((time.monotonic(), m.topic, bytes(m.payload)))
        self._client.on_connect = lambda c, *_: c.subscribe("evhub/#")
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def said(self, topic: str, from_s: float = 0.0) -> list[str]:
        """All that came on a topic since then."""
        return [payload.decode() for at_s, heard, payload in self.heard if heard == topic and at_s >= from_s]

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Say something; the broker has it when this returns."""
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(5)

    def topics(self) -> set[str]:
        """All topics on which something came."""
        return {topic for _, topic, _ in self.heard}

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()


@dataclass
class Site:
    """Everything that runs, and where."""

    folder: Path
    plan: Path
    ocpp_port: int
    mqtt_port: int
    web_port: int
    suffix: str
    simulator: Simulator
    hub: subprocess.Popen[bytes] | None = None
    options: tuple[str, ...] = field(default=())

    @property
    def data(self) -> Path:
        """The hub's data folder."""
        return self.folder / "data"

    @property
    def log(self) -> str:
        """Everything that the hub has written to stderr."""
        return (self.folder / "hub.log").read_text()

    def start_hub(self) -> None:
        """Start it, and wait until it answers and its chargers are in its picture."""
        self.spawn_hub()
        wait_until(lambda: (self.status_if_any() or {}).get("chargers"), 15, "the hub does not answer")

    def spawn_hub(self) -> None:
        """Start it."""
        with (self.folder / "hub.log").open("a") as log:
            self.hub = subprocess.Popen(
                [EVHUB, "run", "--data", str(self.data)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )

    def kill_hub(self) -> None:
        """As the kernel does it when memory runs out."""
        assert self.hub is not None
        self.hub.kill()
        self.hub.wait()

    def stop_hub(self) -> float:
        """By SIGTERM; the seconds that it took."""
        assert self.hub is not None
        began_s = time.monotonic()
        self.hub.send_signal(signal.SIGTERM)
        if not process_ended(self.hub, 15):
            self.hub.kill()
            raise AssertionError("it does not stop on SIGTERM")
        return time.monotonic() - began_s

    def mend(self) -> None:
        """Start again what a test that failed has left dead, and forget what a test did.

        The balancer remembers the worst minute. Where that keeps the cars low still, the hub is started anew; not
        while they move, for then it would begin with too little room.
        """
        if self.simulator.process.poll() is not None:
            self.restart_simulator()
        if self.hub is None or self.hub.poll() is not None:
            self.start_hub()
        for bay, charger in self.status()["chargers"].items():
            if charger["limit_reason"] == "request":
                self.order("charger.set_limit", f"charger={bay}", "limit_a=null")
        self.simulator.house(0, 0, 0)
        wait_until(self.steady, 90, "the cars follow")
        if not self.full():
            self.stop_hub()
            self.start_hub()

    def restart_simulator(self) -> None:
        """The same devices again, at new ports."""
        self.simulator = Simulator(self.plan, self.folder, self.ocpp_port, "--suffix", self.suffix, *self.options)

    def status(self) -> Json:
        """The whole picture as the hub sees it."""
        return door.status(self.data)

    def status_if_any(self) -> Json | None:
        """The same; None while nobody answers."""
        try:
            return self.status()
        except OSError:
            return None

    @property
    def balances(self) -> bool:
        """It has read the whole site since its start, and says so."""
        status = self.status_if_any()
        balancing = None if status is None else status["site"]["balancing"]
        return balancing is not None and balancing["state"] == "running"

    def charger(self, bay: str) -> Json:
        """One charger as the hub sees it."""
        found: Json = self.status()["chargers"][bay]
        return found

    def order(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`evhub order`."""
        return run("order", "--data", str(self.data), *words)

    @property
    def broker_pid(self) -> int:
        """The process of the hub's own broker."""
        return int((self.data / "mqtt" / "broker.pid").read_text())

    @property
    def rss_mb(self) -> float:
        """Resident memory of the hub."""
        assert self.hub is not None
        rows = Path(f"/proc/{self.hub.pid}/status").read_text().splitlines()
        return next(int(row.split()[1]) / 1024 for row in rows if row.startswith("VmRSS"))

    def steady(self) -> bool:
        """Every car draws what its charger offers, and the hub knows it."""
        look, chargers = self.simulator.look(), self.status()["chargers"]
        for bay, truth in look.truth["bays"].items():
            follows = look.drawn_a(bay) > 5 and abs(look.drawn_a(bay) - truth["offered_a"]) < 0.5
            if not follows or chargers[bay]["held_a"] != truth["offered_a"]:
                return False
        return True

    def full(self) -> bool:
        """The main fuse gives what it can."""
        return self.simulator.look().over_a("grid") > -NEARLY_A

    def calm(self) -> bool:
        """All is steady, no limit is on its way, and no fuse carries too much."""
        told = all(c["limit_reason"] in ("circuit", "charger", "safe_plan") for c in self.status()["chargers"].values())
        look = self.simulator.look()
        return told and self.steady() and all(look.over_a(circuit) <= OVER_A for circuit in look.truth["circuits"])

    def settle(self, within_s: float = 90) -> None:
        """Wait until all charge, and nothing changes any more."""
        self.simulator.house(0, 0, 0)
        since_s: list[float] = []

        def for_a_while() -> bool:
            since_s.append(time.monotonic()) if self.calm() else since_s.clear()
            return bool(since_s) and since_s[-1] - since_s[0] > CALM_S

        try:
            wait_until(for_a_while, within_s)
        except AssertionError:
            rows = {id: (c["held_a"], c["limit_text"]) for id, c in self.status()["chargers"].items()}
            truth = self.simulator.look().truth
            drawn = {bay: b["current_a"] for bay, b in truth["bays"].items()}
            raise AssertionError(f"the site does not settle: {rows}, {truth['circuits']}, {drawn}") from None


def config_of(plan: Path, ready: Json, ports: Mapping[str, int]) -> Json:
    """The drawing of a simulated site as the hub's configuration."""
    drawn = YAML(typ="safe").load(plan)
    circuits: Json = {id: dict(circuit) for id, circuit in drawn["circuits"].items()}
    for meter in ready["meters"]:
        circuits[meter["circuit"]]["meter"] = meter["meter"]
    loopback = {"bind": "127.0.0.1"}
    return {
        "site": {"name": drawn["name"]},
        "grid": circuits.pop("grid"),
        "circuits": circuits,
        "chargers": {bay["bay"]: _entry(bay, "connector", "circuit", "phases", "max_a") for bay in ready["bays"]},
        "meters": {meter["meter"]: _entry(meter) for meter in ready["meters"]},
        "balance": {"calm_s": 0, "least_off_s": 0, "rotate_min": 0},  # nobody here waits for minutes
        "web": {"port": ports["web"], **loopback},
        "ocpp": {"port": ports["ocpp"], **loopback},
        "mqtt": {"port": ports["mqtt"], "anonymous": True, **loopback},
        "discovery": {"interfaces": ["127.0.0.1"]},
    }


def _entry(device: Json, *keys: str) -> Json:
    return {key: device[key] for key in ("integration", "station", *keys)}


@contextmanager
def site(folder: Path, plan: Path = PLAN, *options: str, also: Mapping[str, Any] | None = None) -> Iterator[Site]:
    """A hub and its devices, all adopted; everything ends with it. `also`: more sections of the configuration."""
    ports = {"web": unused_port(), "ocpp": unused_port(), "mqtt": unused_port()}
    suffix = secrets.token_hex(3)
    simulator = Simulator(plan, folder, ports["ocpp"], "--suffix", suffix, *options)
    running = Site(folder, plan, ports["ocpp"], ports["mqtt"], ports["web"], suffix, simulator, options=options)
    try:
        running.data.mkdir()
        config = json.dumps(
            {**config_of(plan, simulator.ready, ports), **(also or {})}, indent=1
        )  # YAML takes it as it is
        (running.data / "config.yaml").write_text(config)
        running.start_hub()
        yield running
    finally:
        _end(running)


def _end(running: Site) -> None:
    if running.hub is not None and running.hub.poll() is None:
        running.stop_hub()
    with suppress(OSError, ValueError):
        os.kill(running.broker_pid, signal.SIGKILL)  # none is left after a clean stop
    if running.simulator.process.poll() is None:
        running.simulator.end()


def noise_in(log: str) -> list[str]:
    """Lines of a hub's log that should never be there."""
    return [line for line in log.splitlines() if any(word in line for word in NOISE) or " ERROR " in line]

"""What every device emulator is handed and gives back: the network it may use, its place in the site, its life."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from simulator.world.world import World

Option = str | float | bool


@dataclass(frozen=True, slots=True)
class Net:
    """Where the devices of this run live."""

    ocpp_url: str = "ws://127.0.0.1:8887/ocpp"  # a charger appends /<identity>
    mqtt: str = "mqtt://127.0.0.1:1883"  # the broker of devices that speak MQTT; may hold user:password@
    mdns: str | None = None  # address of the interface to announce on; None: nothing is announced
    suffix: str = ""  # makes identities and serials of this run unlike those of any other
    host: str = "127.0.0.1"  # where servers of devices listen, on a free port
    pace: float = 1.0  # the whole world runs so much faster than real time (tests); waiting times shrink with it

    def identity(self, name: str) -> str:
        """`name`, unique to this run: RG-CP01-abcd."""
        return f"{name}-{self.suffix}" if self.suffix else name

    def mac(self, name: str) -> str:
        """Twelve lower-case hex digits, a locally administered address made of `name` and the suffix."""
        return "02" + hashlib.sha256(self.identity(name).encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Device:
    """One device of the site file: a charger with its outlets in order (connector 1 first), or a meter on a circuit."""

    kind: str
    name: str
    bays: tuple[str, ...] = ()  # keys of World.evses
    circuit: str | None = None  # a meter's
    options: Mapping[str, Option] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Address:
    """How a hub would know the device. `host` and `port` only where the device listens."""

    integration: str
    station: str  # serial or identity, unique to this run
    host: str | None = None
    port: int | None = None


class Fault(StrEnum):
    """What can be done to a device on command; electrical faults are done to its outlets instead."""

    OFFLINE = "offline"  # gone from the network
    REBOOT = "reboot"  # power cycle of its controller
    SILENT = "silent"  # connected, answers and sends nothing
    FROZEN = "frozen"  # goes on sending the same values


class UnsupportedFault(Exception):
    """This device cannot fail in that way."""


class Running(Protocol):
    """A started device."""

    def describe(self) -> Address:
        """How a hub would know it."""

    async def fault(self, fault: Fault, for_s: float) -> None:
        """Begin to fail for so many seconds, and return at once. Raises UnsupportedFault."""

    async def stop(self) -> None:
        """Leave the network (with its goodbye) and end every task."""


Start = Callable[[Device, World, Net], Awaitable[Running]]

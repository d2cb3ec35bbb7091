"""Facts: what has happened, in the past tense. They fan out on the bus; nobody who hears one can fail its teller.

Two kinds. A *live change* says only whose live picture moved and is conflated by key: a slow listener sees the newest
state, never a backlog. An *event* is told once and in order, and goes to MQTT as `evhub/event/<name>`.

An event with a `keeping` is also written into the journal, before anybody hears it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from hub.model.candidate import Candidate, Kind
from hub.model.charger import Status
from hub.model.ids import ChargerId, CircuitId, MeterId, SessionId, StationId, TransactionId
from hub.model.reading import ChargerReading, Fault
from hub.model.units import PerPhase


class Keeping(StrEnum):
    """How dearly the journal keeps a fact when a reader is away for long or the disk is full."""

    KEPT = "kept"  # never dropped
    STATUS = "status"  # may be thinned to the latest
    PROGRESS = "progress"  # may be thinned first


@dataclass(frozen=True, slots=True)
class Fact:
    """Base of everything on the bus. `name` is the class's name in snake case."""

    name: ClassVar[str] = "fact"

    def __init_subclass__(cls) -> None:
        """Give each fact its name for topics, logs and docs."""
        cls.name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


@dataclass(frozen=True, slots=True)
class ChargerChanged(Fact):
    """Live change: something in this charger's picture moved."""

    charger: ChargerId


@dataclass(frozen=True, slots=True)
class ReadingCameLate(Fact):
    """A charger sent what it measured while nobody listened. `line_a` are the currents on the supply lines."""

    charger: ChargerId
    reading: ChargerReading
    line_a: PerPhase[float | None] | None


@dataclass(frozen=True, slots=True)
class MeterChanged(Fact):
    """Live change: a meter gave a new sample, or its link changed."""

    meter: MeterId


@dataclass(frozen=True, slots=True)
class CircuitsChanged(Fact):
    """Live change: the balancer has looked at the circuits and the grants anew."""


@dataclass(frozen=True, slots=True)
class DrawingChanged(Fact):
    """Live change: the electrical drawing was replaced; read it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Fact):
    """Base of the facts that are told once, in order."""

    keeping: ClassVar[Keeping | None] = None

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HubStarted(Event):
    """The hub began to run. `clean`: the run before ended as it should; None when there was none."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    version: str
    boot_id: str
    clean: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap(Event):
    """The journal lost or gave up `count` facts of a kind: the disk was full, or a reader was away for too long."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    kind: Keeping
    count: int
    first: int | None = None  # sequence numbers, where they had any
    last: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFilled(Event):
    """The disk is nearly full: measurements, progress and status are not written down any more; sessions are."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    free_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageDamaged(Event):
    """The database could not be read at the start; it was set aside under this name, and a new one was begun."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFreed(Event):
    """The disk has room again."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    free_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(Event):
    """A charger's status word changed."""

    keeping: ClassVar[Keeping | None] = Keeping.STATUS

    charger: ChargerId
    before: Status | None
    after: Status | None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerConnected(Event):
    """The hub and a charger can talk again."""

    keeping: ClassVar[Keeping | None] = Keeping.STATUS

    charger: ChargerId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerDisconnected(Event):
    """The hub lost a charger; it gives whatever it gives while nobody talks to it."""

    keeping: ClassVar[Keeping | None] = Keeping.STATUS

    charger: ChargerId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterConnected(Event):
    """A meter answers again."""

    keeping: ClassVar[Keeping | None] = Keeping.STATUS

    meter: MeterId


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterDisconnected(Event):
    """A meter does not answer any more."""

    keeping: ClassVar[Keeping | None] = Keeping.STATUS

    meter: MeterId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted(Event):
    """A charging session began, or a token claims one that had none. `transaction`: the device's number."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    charger: ChargerId
    session: SessionId
    transaction: TransactionId | None
    token: str | None
    started_at: datetime
    start_wh: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionProgressed(Event):
    """What a running session has taken so far; at most once a minute, and only when that has changed."""

    keeping: ClassVar[Keeping | None] = Keeping.PROGRESS

    charger: ChargerId
    session: SessionId
    energy_wh: float
    power_w: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """A charging session ended. `energy_wh` None: nobody knows. `flags`: words of doubt, docs/concepts/sessions.md."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    charger: ChargerId
    session: SessionId
    transaction: TransactionId | None
    started_at: datetime
    ended_at: datetime
    energy_wh: float | None
    reason: str | None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFound(Event):
    """A device that is not in the configuration was found, or an earlier one changed its address."""

    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLost(Event):
    """A candidate said goodbye or was not seen for long."""

    integration: str
    station: StationId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAdopted(Event):
    """A device came into the drawing: `device` is the id of a charger or a meter."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    kind: Kind
    device: ChargerId | MeterId
    station: StationId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReplaced(Event):
    """Another station took the place of one in the drawing; id, name, circuit and history stay."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    kind: Kind
    device: ChargerId | MeterId
    before: StationId
    after: StationId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRetired(Event):
    """A charger or a meter was taken out of the drawing; its history stays."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    kind: Kind
    device: ChargerId | MeterId
    station: StationId


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitOverLimit(Event):
    """A measured circuit carries more than its limit on some line; `over_a` is 0 where it does not."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    circuit: CircuitId
    over_a: PerPhase[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitBackUnderLimit(Event):
    """A circuit that was over its limit is within it again."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    circuit: CircuitId
    for_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFellSilent(Event):
    """A circuit's meter says nothing that can be believed. `frozen`: it speaks, and always says the same."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    meter: MeterId
    circuit: CircuitId
    frozen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSpokeAgain(Event):
    """A meter that was silent or frozen can be believed again."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    meter: MeterId
    circuit: CircuitId
    for_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorConnected(Event):
    """An operator can be kept up to date again, by `way`: mqtt or https."""

    operator: str
    way: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorDisconnected(Event):
    """An operator cannot be reached; what happens meanwhile waits for it in the journal."""

    operator: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorOutOfStep(Event):
    """An operator acknowledged what this hub never sent: one of the two was restored, or both have the same name."""

    keeping: ClassVar[Keeping | None] = Keeping.KEPT

    operator: str
    epoch: str
    upto: int

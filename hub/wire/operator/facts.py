"""The facts that a hub keeps and sends, each as a schema `evhub.<name>.v1` of an event's `data`.

Additive inside a version: a new field comes with a default here, and a reader ignores what it does not know. `at` is
not among the fields: the event around them has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from hub.wire.operator.base import Moment, Record, Word, in_words
from hub.wire.operator.errors import NotReadable
from hub.wire.operator.messages import Fault, Lines

VERSION = "v1"


class Fact(Record):
    """Base of the facts."""


class HubStarted(Fact):
    """The hub began to run. `clean`: the run before ended as it should; null when there was none."""

    version: str
    boot_id: str
    clean: bool | None


class Gap(Fact):
    """The journal lost or gave up `count` facts of a kind; `first` and `last` are their places, where they had any."""

    kind: Word
    count: int
    first: int | None = None
    last: int | None = None


class StorageFilled(Fact):
    """The disk is nearly full: measurements, progress and status are not written down any more; sessions are."""

    free_mb: int


class StorageDamaged(Fact):
    """The hub's database could not be read at its start; it was set aside under this name, and a new one was begun."""

    file: str


class StorageFreed(Fact):
    """The disk has room again."""

    free_mb: int


class StatusChanged(Fact):
    """A charger's status word changed; null is unknown."""

    charger: str
    before: Word | None
    after: Word | None
    fault: Fault | None = None


class ChargerConnected(Fact):
    """The hub and a charger can talk again."""

    charger: str


class ChargerDisconnected(Fact):
    """The hub lost a charger."""

    charger: str
    why: str


class MeterConnected(Fact):
    """A meter answers again."""

    meter: str


class MeterDisconnected(Fact):
    """A meter does not answer any more."""

    meter: str
    why: str


class SessionStarted(Fact):
    """A charging session began. `session` is unique for ever; told again when a token claims it."""

    charger: str
    session: str
    transaction: int | None
    token: str | None
    started_at: Moment
    start_wh: float | None


class SessionProgressed(Fact):
    """A session goes on: what it has taken so far."""

    charger: str
    session: str
    energy_wh: float
    power_w: float | None


class SessionEnded(Fact):
    """A charging session ended. `energy_wh` null: nobody knows. `flags` are words of doubt about it."""

    charger: str
    session: str
    transaction: int | None
    started_at: Moment
    ended_at: Moment
    energy_wh: float | None
    reason: str | None
    flags: list[str]


class DeviceAdopted(Fact):
    """A device came into the drawing: `device` is the id of a charger or a meter, as `kind` says."""

    kind: Word
    device: str
    station: str


class DeviceReplaced(Fact):
    """Another station took the place of one in the drawing; id, name, circuit and history stay."""

    kind: Word
    device: str
    before: str
    after: str


class DeviceRetired(Fact):
    """A charger or a meter was taken out of the drawing; its history stays."""

    kind: Word
    device: str
    station: str


class CircuitOverLimit(Fact):
    """A measured circuit carries more than its limit on some line; `over_a` is 0 where it does not."""

    circuit: str
    over_a: Lines


class CircuitBackUnderLimit(Fact):
    """A circuit that was over its limit is within it again, after `for_s` seconds."""

    circuit: str
    for_s: float


class MeterFellSilent(Fact):
    """A circuit's meter says nothing that can be believed; `frozen`: it speaks, and always says the same."""

    meter: str
    circuit: str
    frozen: bool


class MeterSpokeAgain(Fact):
    """A meter that was silent or frozen for `for_s` seconds can be believed again."""

    meter: str
    circuit: str
    for_s: float


class OperatorOutOfStep(Fact):
    """An operator acknowledged a place (`epoch`, `upto`) that this hub never had."""

    operator: str
    epoch: str
    upto: int


def schema_of(name: str) -> str:
    """The schema of a fact by its name in snake case: `evhub.session_started.v1`."""
    return f"evhub.{name}.{VERSION}"


def _name(fact: type[Fact]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", fact.__name__).lower()


FACTS: Mapping[str, type[Fact]] = {schema_of(_name(fact)): fact for fact in Fact.__subclasses__()}
"""Every fact of this version by its schema."""


def read_fact(schema: str, data: Mapping[str, JsonValue]) -> Fact | None:
    """The fact in an event, leniently; None when its schema is not known here. Raises NotReadable."""
    fact = FACTS.get(schema)
    return _validated(fact, data, strict=False) if fact is not None else None


def check_fact(schema: str, data: Mapping[str, JsonValue]) -> None:
    """Check strictly what is about to be sent: a known schema, its fields, their types. Raises NotReadable."""
    fact = FACTS.get(schema)
    if fact is None:
        raise NotReadable(f"{schema} is no schema of ours")
    _validated(fact, data, strict=True)


def _validated(fact: type[Fact], data: Mapping[str, JsonValue], *, strict: bool) -> Fact:
    try:
        return fact.model_validate(dict(data), strict=strict, extra="forbid" if strict else "ignore")
    except ValidationError as wrong:
        raise NotReadable(in_words(wrong)) from wrong

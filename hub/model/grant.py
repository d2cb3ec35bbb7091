"""Wishes and grants: what people ask of a charger, what the balancer gives it, and why it is not more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.model.ids import ChargerId, CircuitId
from hub.model.units import Phase


class Limiter(StrEnum):
    """What binds a grant: the first of these that kept it from being more."""

    CHARGER = "charger"  # its own maximum, or what the car can take
    CIRCUIT = "circuit"  # a fuse of the drawing, named by circuit and phase
    REQUEST = "request"  # somebody asked for less
    PAUSED = "paused"  # somebody does not allow charging now
    NO_CAR = "no_car"
    QUEUE = "queue"  # too little is left for its minimum; it waits
    STARTING = "starting"  # the hub has not heard from every charger yet
    UNREACHABLE = "unreachable"
    FAULT = "fault"
    WAITING_FOR_OTHERS = "waiting_for_others"  # others must confirm less first
    METER = "meter"  # the meter is silent: nothing is raised
    SAFE_PLAN = "safe_plan"  # it keeps its limit when the hub dies, and more would be too much then


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for: at most so much, or nothing at all. It only ever lowers."""

    limit_a: float | None = None
    allow: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Amps per phase for one charger, with the limit that binds and a sentence for people."""

    charger: ChargerId
    limit_a: float
    limiter: Limiter
    text: str
    circuit: CircuitId | None = None  # where a circuit binds
    phase: Phase | None = None
    safe_a: float | None = None  # its share while nobody tells it anything
    queue_position: int | None = None  # it waits, and so many come before it and itself
    queue_until: datetime | None = None  # when it may have its turn, as far as anybody can say

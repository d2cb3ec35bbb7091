"""A charging session, one car at one charger from plug-in to plug-out, and a device's transactions in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.model.ids import SessionId, TransactionId


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """The open session of a charger. `energy_wh` counts from its start; None while the charger has said nothing."""

    id: SessionId
    started_at: datetime
    transaction: TransactionId | None = None  # the one that runs; None when it has stopped and the car is still there
    token: str | None = None  # who authorised it, as read by the charger
    start_wh: float | None = None  # lifetime register at the start
    energy_wh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStart:
    """A device began a transaction. `meter_wh` is its lifetime register then; `at` is the device's own time.

    `at` is None where the device's clock cannot be meant: the hub takes its own. `resumes`: it restarted in mid
    transaction, so a start with the running one's token goes on with that one.
    """

    connector: int
    at: datetime | None
    token: str | None = None
    meter_wh: float | None = None
    resumes: bool = False
    signed: bytes | None = None  # signed meter values as they came, byte for byte


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStop:
    """A device ended a transaction. An id that nobody knows is accepted: the device would send it for ever.

    `at` is None where the device's clock cannot be meant.
    """

    transaction: TransactionId
    at: datetime | None
    token: str | None = None
    meter_wh: float | None = None
    reason: str | None = None
    signed: bytes | None = None

"""A charging session as the live picture shows it: from plug-in to plug-out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.model.ids import TransactionId


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """The running session of a charger. `energy_wh` counts from its start; None while the charger has said nothing."""

    id: TransactionId
    started_at: datetime
    token: str | None = None  # who authorised it, as read by the charger
    start_wh: float | None = None  # lifetime register at the start
    energy_wh: float | None = None

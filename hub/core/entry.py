"""One entry of the journal as a value: what its readers work with. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.model.facts import Keeping


@dataclass(frozen=True, slots=True)
class Position:
    """An entry as the outside names it."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One committed fact. `data` is the fact as JSON; `mono_ms` counts within the boot."""

    no: int
    position: Position
    name: str
    keeping: Keeping
    written_at: datetime
    mono_ms: int
    boot_id: str
    clock_synced: bool | None
    data: str

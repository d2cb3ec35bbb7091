"""Running transactions: an id for each, on disk before the device is answered, so that a restart knows them again.

The sessions room will take this over together with the database; until then the few that run are one small document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from hub.core.keep import Keep
from hub.model.ids import ChargerId, TransactionId
from hub.model.session import LiveSession
from hub.sdk.host import TransactionStart

DOCUMENT = "transactions"


@dataclass(frozen=True, slots=True)
class Running:
    """One transaction that has begun and has not ended."""

    charger: ChargerId
    session: LiveSession


class Transactions:
    """The transactions that run now. Every change is on disk when the call returns."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._next, self._running = _read(keep.load(DOCUMENT))

    def of(self, charger: ChargerId) -> LiveSession | None:
        """The session of a charger, or None."""
        running = next((r for r in self._running.values() if r.charger == charger), None)
        return None if running is None else running.session

    def begin(self, charger: ChargerId, start: TransactionStart) -> tuple[LiveSession, bool]:
        """The session of this start, and whether it is new: a start that is sent again gives the same session."""
        known = self.of(charger)
        if known is not None and known.started_at == start.at and known.token == start.token:
            return known, False
        session = LiveSession(
            id=TransactionId(self._next), started_at=start.at, token=start.token, start_wh=start.meter_wh, energy_wh=0.0
        )
        self._next += 1
        self._running[session.id] = Running(charger, session)
        self._save()
        return session, True

    def end(self, transaction: TransactionId) -> Running | None:
        """Forget a transaction; None when it was not known (or ended before)."""
        running = self._running.pop(transaction, None)
        if running is not None:
            self._save()
        return running

    def _save(self) -> None:
        self._keep.save(DOCUMENT, {"next": self._next, "running": [_to_json(r) for r in self._running.values()]})


def _to_json(running: Running) -> dict[str, object]:
    session = running.session
    return {
        "charger": running.charger,
        "id": session.id,
        "started_at": session.started_at.isoformat(),
        "token": session.token,
        "start_wh": session.start_wh,
    }


def _read(document: object) -> tuple[int, dict[TransactionId, Running]]:
    if not isinstance(document, dict):
        return int(datetime.now(UTC).timestamp()) % 1_000_000_000, {}
    running = [_from_json(entry) for entry in document["running"]]
    return int(document["next"]), {r.session.id: r for r in running}


def _from_json(entry: Mapping[str, object]) -> Running:
    start_wh = entry["start_wh"]
    token = entry["token"]
    session = LiveSession(
        id=TransactionId(int(str(entry["id"]))),
        started_at=datetime.fromisoformat(str(entry["started_at"])),
        token=None if token is None else str(token),
        start_wh=float(start_wh) if isinstance(start_wh, (int, float)) else None,
    )
    return Running(ChargerId(str(entry["charger"])), session)

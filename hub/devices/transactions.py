"""Running transactions: an id for each, on disk before the device is answered, so that a restart knows them again.

The last ones that ended are kept too: a device that lost our answer sends its start again, also after the end.

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
ENDED_KEPT = 100


@dataclass(frozen=True, slots=True)
class Running:
    """One transaction that has begun and has not ended."""

    charger: ChargerId
    session: LiveSession


class Transactions:
    """The transactions that run now. Every change is on disk when the call returns."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        document = keep.load(DOCUMENT)
        self._next, self._running = _read(document)
        self._ended = _read_ended(document)
        self._latest = self._find_latest()

    def of(self, charger: ChargerId) -> LiveSession | None:
        """The session of a charger, the latest where an old one was sent in belatedly; or None."""
        return self._latest.get(charger)

    def before(self, running: Running) -> list[TransactionId]:
        """What still runs at the same charger and began earlier."""
        others = (r for r in self._running.values() if r.charger == running.charger)
        return [r.session.id for r in others if r.session.started_at < running.session.started_at]

    def charger_of(self, transaction: TransactionId) -> ChargerId | None:
        """Whose transaction runs under this id, or None."""
        running = self._running.get(transaction)
        return None if running is None else running.charger

    def has_ended(self, transaction: TransactionId) -> bool:
        """True for one of those that ended last."""
        return any(ended.session.id == transaction for ended in self._ended)

    def begin(self, charger: ChargerId, start: TransactionStart) -> tuple[LiveSession, bool]:
        """The session of this start, and whether it is new: a start that is sent again gives the same session."""
        known = self._same(charger, start)
        if known is not None:
            return known, False
        session = LiveSession(
            id=TransactionId(self._next),
            started_at=start.at,
            token=start.token,
            start_wh=start.meter_wh,
            energy_wh=None if start.meter_wh is None else 0.0,
        )
        self._next += 1
        self._running[session.id] = Running(charger, session)
        self._save()
        return session, True

    def end(self, transaction: TransactionId) -> Running | None:
        """Forget a transaction; None when it was not known (or ended before)."""
        running = self._running.pop(transaction, None)
        if running is not None:
            self._ended = [*self._ended[1 - ENDED_KEPT :], running]
            self._save()
        return running

    def _same(self, charger: ChargerId, start: TransactionStart) -> LiveSession | None:
        """The session that this start has begun already.

        A device without a clock gives another time each try, so the register counts too: it moves as soon as
        energy flows.
        """
        known = self.of(charger)
        if known is not None and known.token == start.token:
            same_register = start.meter_wh is not None and known.start_wh == start.meter_wh
            if known.started_at == start.at or same_register or start.resumes:
                return known
        wanted = (charger, start.at, start.token, start.meter_wh)
        past = (e for e in (*self._running.values(), *self._ended) if _content(e) == wanted)
        return next((entry.session for entry in past), None)

    def _find_latest(self) -> dict[ChargerId, LiveSession]:
        in_order = sorted(self._running.values(), key=lambda running: running.session.started_at)
        return {running.charger: running.session for running in in_order}

    def _save(self) -> None:
        self._latest = self._find_latest()
        document = {
            "next": self._next,
            "running": [_to_json(r) for r in self._running.values()],
            "ended": [_to_json(r) for r in self._ended],
        }
        self._keep.save(DOCUMENT, document)


def _content(entry: Running) -> tuple[object, ...]:
    session = entry.session
    return (entry.charger, session.started_at, session.token, session.start_wh)


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


def _read_ended(document: object) -> list[Running]:
    entries = document.get("ended", []) if isinstance(document, dict) else []  # older files have none
    return [_from_json(entry) for entry in entries]


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

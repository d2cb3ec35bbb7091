"""Energy of sessions by charger and month. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from hub.core.shown import rounded
from hub.model.ids import ChargerId
from hub.sessions.store import Kept


def totals(sessions: Iterable[Kept], zone: tzinfo) -> list[Mapping[str, object]]:
    """A row for each charger and month in which sessions began, by the site's clock.

    `unknown` of its sessions have no known energy: they are not in `energy_wh`, which is null when none is known.
    """
    rows: dict[tuple[str, ChargerId], list[float | None]] = {}
    for session in sessions:
        month = session.started_at.astimezone(zone).strftime("%Y-%m")
        rows.setdefault((month, session.charger), []).append(session.energy_wh)
    return [_row(month, charger, energies) for (month, charger), energies in sorted(rows.items())]


def _row(month: str, charger: ChargerId, energies: list[float | None]) -> Mapping[str, object]:
    known = [wh for wh in energies if wh is not None]
    return {
        "month": month,
        "charger": charger,
        "sessions": len(energies),
        "energy_wh": rounded(sum(known), 0) if known else None,
        "unknown": len(energies) - len(known),
    }

"""From a charger's terminals to the site's supply lines: the rotation of its wiring, undone. Pure."""

from __future__ import annotations

from hub.model.charger import Charger, Connection
from hub.model.units import PHASES, PerPhase, Phase

Lines = PerPhase[float | None]
NOTHING: Lines = PerPhase(0.0, 0.0, 0.0)


def line_currents(charger: Charger, terminal_a: Lines | None) -> Lines | None:
    """Measured amps on L1, L2, L3, from amps per terminal; None where it cannot be known.

    A device with one current transformer (only the first terminal known) counts on each of its wired lines. A charger
    of unknown wiring counts its largest current on every line until the wiring is learnt: too much, never too little.
    A line-to-line charger (US 208 V) loads both of its lines.
    """
    if terminal_a is None or all(a is None for a in terminal_a):
        return None
    if charger.phases is None:
        worst = max(a for a in terminal_a if a is not None)
        return PerPhase(worst, worst, worst)
    on_line = dict(zip(charger.phases, _terminals(charger, terminal_a), strict=False))
    return PerPhase(*(on_line.get(phase, 0.0) for phase in PHASES))


def _terminals(charger: Charger, terminal_a: Lines) -> list[float | None]:
    phases: tuple[Phase, ...] = charger.phases or ()
    one_only = terminal_a.l2 is None and terminal_a.l3 is None
    if charger.connection is Connection.LL or one_only:
        return [terminal_a.l1] * len(phases)
    return list(terminal_a[: len(phases)])

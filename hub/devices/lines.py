"""From a charger's terminals to the site's supply lines: the rotation of its wiring, undone. Pure."""

from __future__ import annotations

from hub.model.charger import Charger, Connection
from hub.model.units import PHASES, PerPhase, same_on_each

Lines = PerPhase[float | None]
NOTHING: Lines = PerPhase(0.0, 0.0, 0.0)
UNKNOWN: Lines = PerPhase(None, None, None)


def line_currents(charger: Charger, terminal_a: Lines | None) -> Lines | None:
    """Measured amps on L1, L2, L3, from amps per terminal; None where it cannot be known.

    A device with one current transformer (only the first terminal known) counts on each of its wired lines. A charger
    of unknown wiring counts its largest current on every line until the wiring is learnt: too much, never too little.
    A line-to-line charger (US 208 V) loads both of its lines.
    """
    if terminal_a is None or terminal_a == UNKNOWN:
        return None
    if charger.phases is None:
        worst = max(a for a in terminal_a if a is not None)
        return PerPhase(worst, worst, worst)
    one_only = terminal_a.l2 is None and terminal_a.l3 is None
    on_terminals = same_on_each(terminal_a.l1) if one_only or charger.connection is Connection.LL else terminal_a
    if charger.phases == PHASES:
        return on_terminals
    on_line = dict(zip(charger.phases, on_terminals, strict=False))
    return PerPhase(*(on_line.get(phase, 0.0) for phase in PHASES))

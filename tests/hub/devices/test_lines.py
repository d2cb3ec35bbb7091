"""From terminals to supply lines: the rotation of the wiring undone, and never too little where it is unknown."""

from __future__ import annotations

import pytest

from hub.devices.lines import line_currents
from hub.model.charger import Charger, Connection
from hub.model.ids import ChargerId, CircuitId, StationId
from hub.model.units import PerPhase, Phase

L1, L2, L3 = Phase.L1, Phase.L2, Phase.L3


def charger(phases: tuple[Phase, ...] | None, connection: Connection = Connection.LN) -> Charger:
    return Charger(ChargerId("a"), CircuitId("grid"), "x", StationId("s"), phases=phases, connection=connection)


@pytest.mark.parametrize(
    ("phases", "terminals", "lines"),
    [
        ((L1, L2, L3), (16, 15, 14), (16, 15, 14)),
        ((L2, L3, L1), (16, 15, 14), (14, 16, 15)),  # terminal 1 hangs on L2
        ((L3,), (16, None, None), (0, 0, 16)),
        ((L1, L2, L3), (16, None, None), (16, 16, 16)),  # one current transformer for all
        ((L1, L2, L3), (16, 15, None), (16, 15, None)),  # the third is not known, not 0
        (None, (3, 16, 0), (16, 16, 16)),  # unknown wiring: the largest anywhere
        ((L1, L2, L3), (None, None, None), None),
        ((L1, L2, L3), None, None),
    ],
)
def test_terminals_become_lines(
    phases: tuple[Phase, ...] | None, terminals: tuple[float, ...] | None, lines: tuple[float, ...] | None
) -> None:
    given = None if terminals is None else PerPhase(*terminals)
    assert line_currents(charger(phases), given) == (None if lines is None else PerPhase(*lines))


def test_a_charger_between_two_lines_loads_both() -> None:
    assert line_currents(charger((L1, L3), Connection.LL), PerPhase(30, None, None)) == PerPhase(30, 0, 30)

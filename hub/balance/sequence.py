"""The order in which limits may change: lower first, confirm, then raise. Pure.

At every moment the sum of what each charger *might* draw fits every row: the largest of what it confirmed, what it was
asked, and what it measurably draws. So a raise waits until others have confirmed less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hub.balance.network import Background, Network, Phasors
from hub.model.ids import ChargerId
from hub.model.units import floor_to

SAME_A = 0.05  # limits nearer than this are the same limit
DEAD_A = 0.5  # smaller raises are not worth a write, unless they start a car or give it all it can use


@dataclass(frozen=True, slots=True)
class Move:
    """One charger's way from the limit that it has to the one that it should have."""

    charger: ChargerId
    target_a: float
    command_a: float | None  # the limit that it was told last, as far as that is known
    might_a: float  # the most that it may draw now
    least_a: float = 6.0
    most_a: float = 32.0
    step_a: float = 0.1
    priority: int = 0
    ready: bool = True  # a command may go out to it now
    terminals: int | None = None  # how many of its terminals the car loads; None: maybe all

    @property
    def lowers(self) -> bool:
        """The target is less than it was told; where that is unknown, it counts as told the most that it may hold."""
        return self.command_a is None or self.target_a < self.command_a - SAME_A


@dataclass(frozen=True, slots=True)
class Command:
    """Tell a charger its limit, amps per phase."""

    charger: ChargerId
    limit_a: float
    renews: bool = False  # nothing changes but the end of its lease


def commands(network: Network, moves: Sequence[Move], background: Background) -> list[Command]:
    """What may go out now: every reduction, the largest first, and each raise that fits beside all that might flow.

    A raise that fits in part goes in part, if that is at least the minimum. A charger whose limit is unknown counts as
    one that holds its maximum, so that its first command is a reduction.
    """
    found = reductions(moves)
    rise = [m for m in moves if m.ready and worth_a_write(m, m.target_a)]
    load = _might(network, moves, background)
    for move in sorted(rise, key=lambda m: (-m.priority, m.command_a or 0.0, m.charger)):
        column = network.column(move.charger, move.terminals)
        others = network.plus_one(load, column, -move.might_a)
        limit_a = floor_to(min(move.target_a, network.room(others, column)), move.step_a)
        if worth_a_write(move, limit_a):
            found.append(Command(move.charger, limit_a))
            load = network.plus_one(others, column, max(move.might_a, limit_a))
    return found


def reductions(moves: Sequence[Move]) -> list[Command]:
    """Those that go down, the largest reduction first."""
    lower = sorted((m for m in moves if m.ready and m.lowers), key=lambda m: (m.target_a - m.might_a, m.charger))
    return [Command(m.charger, m.target_a) for m in lower]


def _might(network: Network, moves: Sequence[Move], background: Background) -> Phasors:
    """What every row carries if each charger draws the most that it might."""
    columns = np.array([network.column(m.charger, m.terminals) for m in moves], np.intp)
    return network.plus(network.load(background), network.totals(columns, np.array([m.might_a for m in moves])))


def worth_a_write(move: Move, limit_a: float) -> bool:
    """A raise starts a car, gives it all it can use, or is large enough."""
    if move.command_a is None or limit_a < max(move.command_a + SAME_A, move.least_a):
        return False
    wanted = move.command_a <= move.least_a or limit_a >= move.most_a
    return wanted or limit_a >= move.command_a + DEAD_A

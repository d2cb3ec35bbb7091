"""One step of sharing current as a linear program for HiGHS: the peer of the allocator.

Maximise the sum of all currents, each between its minimum and its maximum, so that no line of any circuit carries more
than what the background leaves. These are the allocator's own constraints, row by row, taken from its network; what is
sought is less: the fair shares (lexicographic max-min) would take one such program for each level at which somebody
stops. The plain sum is the one that HiGHS solves quickest, so it is the hardest peer.

It fits drawings without delta primaries and line-to-line chargers: there all currents of a line are in phase, and a
limit is linear. Everybody in it is admitted: who may charge at all is no linear question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from hub.balance.allocate import Demand
from hub.balance.network import TURN, Background, Network


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that HiGHS needs, as arrays: a column for each demand, a row for each limited line."""

    least: NDArray[np.float64]
    most: NDArray[np.float64]
    room: NDArray[np.float64]
    start: NDArray[np.int32]
    row: NDArray[np.int32]
    factor: NDArray[np.float64]


def program(network: Network, demands: Sequence[Demand], background: Background) -> Program:
    """The step in the words of HiGHS. Raises ValueError where a limit is not linear."""
    every = np.arange(len(network.rows))
    along = np.array([TURN[row.phase.place] for row in network.rows]).conj()
    carried = network.load(background)
    if len(carried) != len(every) or any(row.primary for row in network.rows):
        raise ValueError("a delta primary is no linear limit")
    columns = np.array([network.column(demand.charger, demand.terminals) for demand in demands], np.intp)
    place, row, z = network.entries(columns)
    factor = z * along[row]
    if np.max(np.abs(factor.imag), initial=0.0) > 1e-9:
        raise ValueError("a line-to-line charger is no linear load")
    return Program(
        least=np.array([demand.least_a for demand in demands]),
        most=np.array([demand.most_a for demand in demands]),
        room=network.limit(every) - (carried * along).real,
        start=np.searchsorted(place, np.arange(len(demands) + 1)).astype(np.int32),
        row=row.astype(np.int32),
        factor=factor.real.copy(),
    )


def solve(given: Program) -> NDArray[np.float64]:
    """The currents with the largest sum. Options are HiGHS's own, but it says nothing."""
    highs, lp = highspy.Highs(), highspy.HighsLp()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    lp.num_col_, lp.num_row_ = len(given.least), len(given.room)
    lp.col_cost_ = -np.ones(len(given.least))
    lp.col_lower_, lp.col_upper_ = given.least, given.most
    lp.row_lower_, lp.row_upper_ = np.full(len(given.room), -highspy.kHighsInf), given.room
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = given.start, given.row, given.factor
    highs.passModel(lp)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise ValueError(f"no optimum: {highs.getModelStatus()}")
    return np.array(highs.getSolution().col_value)

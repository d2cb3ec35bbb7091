"""The drawing's tree in the order in which sums are made: from the chargers up to the grid connection. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.model.charger import Charger
from hub.model.ids import CircuitId
from hub.model.site import Circuit, Site


@dataclass(frozen=True, slots=True)
class Tree:
    """Circuits, deepest first, with what hangs directly on each."""

    deepest_first: Sequence[Circuit]
    children: Mapping[CircuitId, Sequence[CircuitId]]
    chargers: Mapping[CircuitId, Sequence[Charger]]

    @classmethod
    def of(cls, site: Site) -> Tree:
        """The tree of a drawing."""
        children: dict[CircuitId, list[CircuitId]] = {id: [] for id in site.circuits}
        chargers: dict[CircuitId, list[Charger]] = {id: [] for id in site.circuits}
        for circuit in site.circuits.values():
            if circuit.parent is not None:
                children[circuit.parent].append(circuit.id)
        for charger in site.chargers.values():
            chargers[charger.circuit].append(charger)
        depth = {id: len(list(site.upward(id))) for id in site.circuits}
        return cls(sorted(site.circuits.values(), key=lambda c: -depth[c.id]), children, chargers)

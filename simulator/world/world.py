"""The whole physical site: outlets, circuits, house, sun and visiting cars, stepped together."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.world.evse import Evse
from simulator.world.site import Site


class World:
    """What the emulators see of the physics: outlets by name, and the circuits' true currents."""

    evses: Mapping[str, Evse]
    site: Site
    elapsed_s: float = 0.0  # real seconds since the start

    def step(self, dt_s: float) -> None:
        """Let `dt_s` real seconds pass."""
        raise NotImplementedError

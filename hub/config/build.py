"""From a checked configuration to the electrical drawing, and to what the devices room must run. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from hub.balance.config import GridConfig, Lines, NodeConfig, per_phase
from hub.config.draft import own_config
from hub.config.schema import Config
from hub.devices.config import DeviceConfig
from hub.devices.entries import StationEntry
from hub.model.charger import Charger
from hub.model.ids import GRID, ChargerId, CircuitId, MeterId, StationId
from hub.model.site import Circuit, Site
from hub.model.units import PerPhase, Phase
from hub.sdk.manifest import Manifest


def site_of(config: Config, manifests: Mapping[str, Manifest]) -> Site:
    """The drawing. On a single-phase site L2 and L3 carry nothing, and every charger is on L1."""
    grid = config.grid
    primary = None if grid.delta_primary is None else grid.delta_primary.primary()
    circuits = {GRID: replace(_circuit(GRID, None, grid, grid), primary=primary)}
    for id, circuit in config.circuits.items():
        circuits[CircuitId(id)] = _circuit(CircuitId(id), CircuitId(circuit.parent), circuit, grid)
    chargers = {
        ChargerId(id): _placed(entry.charger(ChargerId(id), _port(manifests, entry)), grid)
        for id, entry in config.chargers.items()
    }
    meters = {MeterId(id): entry.meter(MeterId(id), _port(manifests, entry)) for id, entry in config.meters.items()}
    return Site(
        name=config.site.name,
        circuits=MappingProxyType(circuits),
        chargers=MappingProxyType(chargers),
        meters=MappingProxyType(meters),
        voltage_v=grid.voltage_v,
    )


def entries_of(config: Config, manifests: Mapping[str, Manifest]) -> Mapping[StationId, StationEntry]:
    """One entry for each physical device; outlets of one station share theirs."""
    entries: dict[StationId, StationEntry] = {}
    for device in (*config.chargers.values(), *config.meters.values()):
        port = _port(manifests, device)
        station = device.identity(port)
        if station not in entries:
            own = own_config(manifests[device.integration], device)
            entries[station] = StationEntry(station, device.integration, device.kind, own, device.address(port))
    return MappingProxyType(entries)


def _circuit(id: CircuitId, parent: CircuitId | None, node: NodeConfig, grid: GridConfig) -> Circuit:
    return Circuit(
        id=id,
        parent=parent,
        limit_a=_wired(node.limit_a, grid),
        name=node.name,
        breaker_a=None if node.breaker_a is None else _wired(node.breaker_a, grid),
        device=node.device,
        meter=None if node.meter is None else MeterId(node.meter),
    )


def _wired(lines: Lines, grid: GridConfig) -> PerPhase[float]:
    amps = per_phase(lines)
    return amps if grid.phases == 3 else PerPhase(amps.l1, 0.0, 0.0)


def _placed(charger: Charger, grid: GridConfig) -> Charger:
    return charger if grid.phases == 3 or charger.phases is not None else replace(charger, phases=(Phase.L1,))


def _port(manifests: Mapping[str, Manifest], device: DeviceConfig) -> int | None:
    return manifests[device.integration].default_port

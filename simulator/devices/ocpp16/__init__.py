"""An OCPP 1.6J charge point with one or more connectors, on the PyPI package `ocpp`."""

from __future__ import annotations

from simulator.devices.base import Device, Net, Running
from simulator.devices.ocpp16.station import Station
from simulator.world.world import World


async def start(device: Device, world: World, net: Net) -> Running:
    """Start a station; its connectors are the device's bays in order."""
    station = Station(device, [world.evses[bay] for bay in device.bays], net)
    station.begin()
    return station

"""Emulators of real devices on the wire, one module or package for each brand or protocol."""

from __future__ import annotations

from importlib import import_module

from simulator.devices.base import Device, Net, Running, Start
from simulator.world.world import World

KINDS = {
    "generic_mqtt": "simulator.devices.generic_mqtt",
    "go_e": "simulator.devices.go_e",
    "ocpp": "simulator.devices.ocpp16",
    "openevse": "simulator.devices.openevse",
    "shelly": "simulator.devices.shelly",
}


async def start(device: Device, world: World, net: Net) -> Running:
    """Start the emulator for this kind of device: `start(device, world, net)` in the module of its kind."""
    begin: Start = import_module(KINDS[device.kind]).start
    return await begin(device, world, net)

"""The truth about a run: what flowed where, once a second, and how far each circuit was above its limit."""

from __future__ import annotations

import json
from typing import TextIO

from simulator.world.evse import Evse, Three
from simulator.world.site import Circuit
from simulator.world.world import World

Json = dict[str, object]


def truth(world: World) -> Json:
    """Everything that a hub can only measure: amps on L1, L2, L3 of every circuit, each outlet and its car."""
    return {
        "world_time": world.time_of_day,
        "elapsed_s": round(world.elapsed_s, 1),
        "seed": world.seed,
        "speed": world.speed,
        "house_a": rounded(world.house_a),
        "sun_a": rounded(world.sun_a),
        "circuits": {name: circuit_truth(circuit) for name, circuit in world.site.circuits.items()},
        "bays": {name: bay_truth(evse) for name, evse in world.evses.items()},
    }


def circuit_truth(circuit: Circuit) -> Json:
    """One circuit's currents and its worst so far."""
    return {"current_a": rounded(circuit.current_a), "limit_a": list(circuit.limit_a)} | overload(circuit)


def bay_truth(evse: Evse) -> Json:
    """One outlet: what it offers, what flows on the supply's lines, and the car."""
    car = evse.car
    return {
        "iec": evse.iec_state,
        "offered_a": round(evse.offered_a, 2),
        "current_a": rounded(evse.line_current_a),
        "power_w": round(evse.power_w),
        "energy_wh": round(evse.energy_wh, 1),
        "enabled": evse.enabled,
        "fault": evse.fault,
        "car": None
        if car is None
        else {
            "model": car.model.name,
            "phases": car.model.phases,
            "max_a": car.model.max_a,
            "min_a": car.model.min_a,
            "need_wh": round(car.need_wh, 1),
            "taken_wh": round(car.taken_wh, 1),
            "full": car.full,
        },
    }


def second(world: World) -> Json:
    """One line of the report."""
    return {
        "elapsed_s": round(world.elapsed_s, 1),
        "world_time": world.time_of_day,
        "circuits": {name: rounded(circuit.current_a) for name, circuit in world.site.circuits.items()},
        "house_a": rounded(world.house_a),
        "sun_a": rounded(world.sun_a),
        "bays": {
            name: {"iec": evse.iec_state, "offered_a": round(evse.offered_a, 2), "drawn_a": rounded(evse.current_a)}
            for name, evse in world.evses.items()
        },
    }


def summary(world: World) -> Json:
    """The last line: for each circuit the worst overload, and the longest time above the limit without a break."""
    return {
        "summary": True,
        "elapsed_s": round(world.elapsed_s, 1),
        "world_time": world.time_of_day,
        "energy_wh": round(sum(evse.energy_wh for evse in world.evses.values())),
        "circuits": {name: overload(circuit) for name, circuit in world.site.circuits.items()},
    }


def overload(circuit: Circuit) -> Json:
    """The worst of a circuit so far."""
    return {"worst_overload_a": round(circuit.worst_a, 2), "longest_overload_s": round(circuit.longest_s, 1)}


def write_line(file: TextIO, line: Json) -> None:
    """One JSON line, at once."""
    file.write(json.dumps(line) + "\n")
    file.flush()


def rounded(amps: Three) -> list[float]:
    """Two decimals are enough."""
    return [round(a, 2) for a in amps]

"""Whether the entries make sense together: references, identities, and what no electrician would draw. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

from hub.balance.config import CircuitConfig, GridConfig, Lines, NodeConfig, per_phase
from hub.config.draft import Draft
from hub.config.explain import known_words
from hub.config.problem import Finding, Level, Place
from hub.devices.config import ChargerConfig, DeviceConfig
from hub.model.charger import Connection
from hub.model.ids import GRID
from hub.model.units import PHASES, PerPhase, Phase
from hub.sdk.manifest import Manifest

Check = Callable[[Draft], Iterator[Finding]]
Grid = str(GRID)
EVERYWHERE = frozenset({"0.0.0.0", "::"})


def sense(draft: Draft) -> list[Finding]:
    """All findings, in the order of the checks."""
    return [finding for check in CHECKS for finding in check(draft)]


# circuits


def parents_exist(draft: Draft) -> Iterator[Finding]:
    """Each circuit hangs on one that is there, and none is called grid."""
    if Grid in draft.named["circuits"]:
        yield Finding(("circuits", Grid), "'grid' is the name of the grid connection", "Choose another id.")
    known = (Grid, *draft.named["circuits"])
    for id, circuit in draft.circuits.items():
        if circuit.parent not in known:
            others = tuple(name for name in known if name != id)
            yield _unknown(("circuits", id, "parent"), circuit.parent, others, "circuit")


def no_cycles(draft: Draft) -> Iterator[Finding]:
    """Going up from each circuit ends at the grid connection. A ring is told once."""
    told: set[str] = set()
    for start in draft.circuits:
        path = [start]
        above = draft.circuits.get(start)
        while above is not None and above.parent not in path:
            path.append(above.parent)
            above = None if above.parent == Grid else draft.circuits.get(above.parent)
        if above is None or Grid in path or told & set(path):
            continue
        ring = path[path.index(above.parent) :]
        told |= set(ring)
        way = " → ".join([*ring, ring[0]])
        step = f"Let one of them hang on another circuit, or on {Grid}."
        yield Finding(("circuits", ring[0], "parent"), f"feeds itself: {way}", step)


def limits_within_parents(draft: Draft) -> Iterator[Finding]:
    """No circuit is allowed more than what feeds it."""
    for id, circuit in draft.circuits.items():
        parent = draft.node(circuit.parent)
        if parent is None or draft.grid is None:
            continue
        mine, above = per_phase(circuit.limit_a), per_phase(parent.limit_a)
        lines = [p for p in _lines(draft.grid) if mine.of(p) > above.of(p)]
        if lines:
            yield _over_parent(id, circuit, parent, lines)


def _over_parent(id: str, circuit: CircuitConfig, parent: NodeConfig, lines: list[Phase]) -> Finding:
    mine, above = per_phase(circuit.limit_a), per_phase(parent.limit_a)
    worst = max(lines, key=lambda phase: mine.of(phase) - above.of(phase))
    on = "" if _is_even(circuit.limit_a) and _is_even(parent.limit_a) else f" on {worst.value}"
    named = "the grid connection" if circuit.parent == Grid else f"its parent '{circuit.parent}'"
    what = f"{mine.of(worst):g} A{on} is more than {named} ({above.of(worst):g} A)."
    step = f"Set {above.of(worst):g} or less, or raise {circuit.parent}."
    return Finding(("circuits", id, "limit_a"), what, step)


def limits_within_breakers(draft: Draft) -> Iterator[Finding]:
    """What flows continuously stays within the rating of the protective device."""
    for place, node in _nodes(draft):
        if node.breaker_a is None or draft.grid is None:
            continue
        pairs = [(per_phase(node.limit_a).of(p), per_phase(node.breaker_a).of(p)) for p in _lines(draft.grid)]
        limit_a, breaker_a = max(pairs, key=lambda pair: pair[0] - pair[1])
        if limit_a > breaker_a:
            what = f"{limit_a:g} A is more than its breaker's {breaker_a:g} A."
            yield Finding((*place, "limit_a"), what, f"Set {breaker_a:g} or less.")
        elif limit_a == breaker_a:
            what = f"{limit_a:g} A is all of its breaker: may that flow for hours?"
            step = "Where it may not (NEC: 80 % of the rating), set what the installer declares."
            yield Finding((*place, "limit_a"), what, step, Level.HINT)


def devices_have_ratings(draft: Draft) -> Iterator[Finding]:
    """What a protective device bears is a matter of its rating."""
    for place, node in _nodes(draft):
        if node.device is not None and node.breaker_a is None:
            what = f"nothing says how large this {node.device} is"
            yield Finding((*place, "device"), what, "Add 'breaker_a', its rating in amps.")


# meters


def meters_exist(draft: Draft) -> Iterator[Finding]:
    """Each meter that a circuit names is there, and measures one circuit only."""
    measured: dict[str, Place] = {}
    for place, node in _nodes(draft):
        if node.meter is None:
            continue
        if node.meter not in draft.named["meters"]:
            yield _unknown((*place, "meter"), node.meter, draft.named["meters"], "meter")
        elif node.meter in measured:
            other = ".".join(map(str, measured[node.meter]))
            what = f"'{node.meter}' measures {other} already"
            yield Finding((*place, "meter"), what, "A meter measures one circuit: name another, or leave it out.")
        measured.setdefault(node.meter, place)


# devices


def integrations_exist(draft: Draft) -> Iterator[Finding]:
    """Each device's integration is there, and is for that kind of device."""
    for place, device in draft.written.items():
        manifest = draft.manifests.get(device.integration)
        kind = device.kind
        fitting = tuple(name for name, known in draft.manifests.items() if kind in known.kinds)
        if manifest is None:
            yield _unknown((*place, "integration"), device.integration, fitting, "integration")
        elif kind not in manifest.kinds:
            what = f"'{device.integration}' is for a {manifest.kind.value}, not for a {kind.value}"
            yield Finding((*place, "integration"), what, known_words("", fitting, "integrations for it"))


def devices_can_be_found(draft: Draft) -> Iterator[Finding]:
    """Each device has an identity or an address; one that dials in is known by its identity only."""
    for place, device in draft.devices:
        manifest = draft.manifests.get(device.integration)
        serves = manifest is not None and manifest.serves
        if device.station is None and (serves or device.host is None):
            step = "Add 'station', its serial number or identity" + ("." if serves else ", or 'host', its address.")
            yield Finding(place, "nothing says which device this is", step)
        if serves and device.host is not None:
            yield Finding((*place, "host"), "this device dials in; the hub never asks for its address", "Leave it out.")
        if device.port is not None and device.host is None:
            yield Finding((*place, "port"), "a port without a host", "Add 'host', or leave the port out.")


def stations_once(draft: Draft) -> Iterator[Finding]:
    """Each outlet of a station is one charger; entries of one station agree on how to reach it."""
    outlets: dict[tuple[str, int], Place] = {}
    stations: dict[str, tuple[Place, DeviceConfig]] = {}
    for place, device in draft.devices:
        identity = device.identity(_default_port(draft.manifests, device)).casefold()
        if not identity:
            continue
        connector = device.connector if isinstance(device, ChargerConfig) else 0
        key = "station" if device.station is not None else "host"
        if (twin := outlets.setdefault((identity, connector), place)) is not place:
            yield _twin((*place, key), twin, device)
        first_place, first = stations.setdefault(identity, (place, device))
        if twin is place and first is not device:
            yield from _disagreement(place, device, first_place, first)


def _twin(place: Place, twin: Place, device: DeviceConfig) -> Finding:
    if not isinstance(device, ChargerConfig):
        return Finding(place, f"is {_dotted(twin)} already", "Remove one of the two.")
    what = f"connector {device.connector} of it is {_dotted(twin)} already"
    return Finding(place, what, "Give this one another connector, or remove one of the two.")


def _disagreement(place: Place, device: DeviceConfig, first_place: Place, first: DeviceConfig) -> Iterator[Finding]:
    """One connection serves all outlets of a station, so their entries say the same of it, or nothing."""
    if device.integration != first.integration:
        what = f"the same station speaks '{first.integration}' at {_dotted(first_place)}"
        yield Finding((*place, "integration"), what, "Give both entries the same integration.")
    elif (device.host, device.port, device.options) != (first.host, first.port, first.options):
        what = f"{_dotted(first_place)} is the same station with another host, port or settings"
        yield Finding(place, what, "Write the same in both entries.")


# chargers


def chargers_hang_somewhere(draft: Draft) -> Iterator[Finding]:
    """Each charger's circuit is there."""
    known = (Grid, *draft.named["circuits"])
    for place, device in draft.written.items():
        if isinstance(device, ChargerConfig) and device.circuit not in known:
            yield _unknown((*place, "circuit"), device.circuit, known, "circuit")


def chargers_are_possible(draft: Draft) -> Iterator[Finding]:
    """Currents in order, and phases that exist, each once."""
    for id, charger in draft.chargers.items():
        place: Place = ("chargers", id)
        if charger.max_a < charger.min_a:
            what = f"{charger.max_a:g} A is less than the least it can give (min_a {charger.min_a:g} A)."
            yield Finding((*place, "max_a"), what, f"Set {charger.min_a:g} or more.")
        if charger.fallback_a is not None and charger.fallback_a > charger.max_a:
            what = f"{charger.fallback_a:g} A is more than it may ever give (max_a {charger.max_a:g} A)."
            yield Finding((*place, "fallback_a"), what, f"Set {charger.max_a:g} or less.")
        yield from _phases(draft, (*place, "phases"), charger)


def _phases(draft: Draft, place: Place, charger: ChargerConfig) -> Iterator[Finding]:
    phases = charger.phases or ()
    twice = [phase.value for phase, times in Counter(phases).items() if times > 1]
    if twice:
        yield Finding(place, f"{', '.join(twice)} stands twice", "Name each supply line once.")
    if draft.grid is not None:
        strange = [phase.value for phase in phases if phase not in _lines(draft.grid)]
        if strange:
            what = f"{', '.join(strange)}: the grid connection has L1 only (grid.phases is 1)"
            yield Finding(place, what, "Write [L1].")
    if charger.connection is Connection.LL and (
        len(phases) == 1 or (draft.grid is not None and draft.grid.phases == 1)
    ):
        yield Finding(place, "connection 'll' is between two lines", "Name two of a three-phase grid: [L1, L2].")


def minimums_fit(draft: Draft) -> Iterator[Finding]:
    """Warn where not all chargers of a circuit can charge at the same time."""
    if draft.grid is None:
        return
    for place, node in _nodes(draft):
        below = [draft.chargers[id] for id in _below(draft, place)]
        need = {line: sum(c.min_a for c in below if line in (c.phases or PHASES)) for line in _lines(draft.grid)}
        line, need_a = max(need.items(), key=lambda pair: pair[1] - per_phase(node.limit_a).of(pair[0]))
        limit_a = per_phase(node.limit_a).of(line)
        if need_a > limit_a:
            what = (
                f"{len(below)} chargers need {need_a:g} A on {line.value} at their minimum, and it has {limit_a:g} A."
            )
            step = "Not all can charge at once: the others wait. Spread them over the phases, or accept it."
            yield Finding((*place, "limit_a"), what, step, Level.WARNING)


def single_phase_bays_are_spread(draft: Draft) -> Iterator[Finding]:
    """Hint at a line that carries most of the single-phase bays."""
    if draft.grid is None or draft.grid.phases == 1:
        return
    single = {id: c.phases[0] for id, c in draft.chargers.items() if c.phases is not None and len(c.phases) == 1}
    for line, times in Counter(single.values()).most_common(1):
        if len(single) >= 3 and times > len(single) / 2:
            last = [id for id, phase in single.items() if phase is line][-1]
            what = f"[{line.value}] is fine, but {line.value} then carries {times} of {len(single)} single-phase bays."
            step = "Where the wiring can be chosen, spread them."
            yield Finding(("chargers", last, "phases"), what, step, Level.HINT)


def silent_chargers_leave_room(draft: Draft) -> Iterator[Finding]:
    """Hint at chargers that stop others while they are out of reach, because all that they can give is kept free."""
    if draft.grid is None:
        return
    told: set[str] = set()
    for place, node in reversed(list(_nodes(draft))):
        stops = [id for id in _below(draft, place) if id not in told and _stops_others(draft, place, node, id)]
        told |= set(stops)
        if stops:
            what = (
                f"while one of {', '.join(stops)} does not answer, all that it can give is kept free: others must stop"
            )
            step = "Give each a 'fallback_a': what the installer set for the time without a hub."
            yield Finding(place, what, step, Level.HINT)


def _stops_others(draft: Draft, place: Place, node: NodeConfig, id: str) -> bool:
    """The minimums of all fit on a line of the circuit, but not its maximum beside those of the others."""
    mine = draft.chargers[id]
    if mine.fallback_a is not None or draft.grid is None:
        return False
    others = [draft.chargers[other] for other in _below(draft, place) if other != id]
    for line in _lines(draft.grid):
        beside = [c.min_a for c in others if line in (c.phases or PHASES)]
        room_a = per_phase(node.limit_a).of(line) - sum(beside)
        if line in (mine.phases or PHASES) and beside and mine.min_a <= room_a < mine.max_a:
            return True
    return False


# the hub itself


def doors_apart(draft: Draft) -> Iterator[Finding]:
    """Each of the hub's doors has a port of its own; ports that nobody wrote are the program's own matter."""
    for (section, door), (other, twin) in combinations(draft.doors.items(), 2):
        bind_alike = door.bind == twin.bind or bool({door.bind, twin.bind} & EVERYWHERE)
        if door.port == twin.port and bind_alike and (door.written or twin.written):
            at, taken = (other, section) if twin.written else (section, other)
            what = f"{door.port} is the port of '{taken}' as well"
            yield Finding((at, "port"), what, "Give each a port of its own.")


# what the checks share


def _nodes(draft: Draft) -> Iterator[tuple[Place, NodeConfig]]:
    if draft.grid is not None:
        yield ("grid",), draft.grid
    for id, circuit in draft.circuits.items():
        yield ("circuits", id), circuit


def _below(draft: Draft, place: Place) -> list[str]:
    """The chargers below a circuit."""
    return [id for id, c in draft.chargers.items() if str(place[-1]) in _upward(draft, c.circuit)]


def _upward(draft: Draft, circuit: str) -> list[str]:
    """The circuit and all above it, as far as the file is right."""
    path: list[str] = []
    here: str | None = circuit
    while here is not None and here not in path:
        path.append(here)
        node = draft.circuits.get(here)
        here = None if node is None else node.parent
    return path


def _lines(grid: GridConfig) -> tuple[Phase, ...]:
    return PHASES[: grid.phases]


def _is_even(lines: Lines) -> bool:
    amps: PerPhase[float] = per_phase(lines)
    return amps.l1 == amps.l2 == amps.l3


def _default_port(manifests: Mapping[str, Manifest], device: DeviceConfig) -> int | None:
    manifest = manifests.get(device.integration)
    return None if manifest is None else manifest.default_port


def _unknown(place: Place, name: str, known: tuple[str, ...], what: str) -> Finding:
    return Finding(place, f"there is no {what} '{name}'", known_words(name, known, f"{what}s"))


def _dotted(place: Place) -> str:
    return ".".join(map(str, place))


CHECKS: tuple[Check, ...] = (
    parents_exist,
    no_cycles,
    limits_within_parents,
    limits_within_breakers,
    devices_have_ratings,
    meters_exist,
    integrations_exist,
    devices_can_be_found,
    stations_once,
    chargers_hang_somewhere,
    chargers_are_possible,
    minimums_fit,
    single_phase_bays_are_spread,
    silent_chargers_leave_room,
    doors_apart,
)

"""What the site would do if the hub died: the safe plan of a configuration, in lines for people. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from hub.balance.config import per_phase
from hub.balance.explain import amps, circuit_name
from hub.balance.network import Background, Network
from hub.balance.safe_plan import SafePlan, Unmanaged, safe_plan, worst_case
from hub.balance.tree import Tree
from hub.config.schema import Config
from hub.model.charger import Capability
from hub.model.ids import GRID, ChargerId, CircuitId
from hub.model.site import Site
from hub.sdk.manifest import Manifest

NAMED = 8  # so many chargers of one share are named
OVER_A = 0.05


def without_hub(config: Config, site: Site, manifests: Mapping[str, Manifest]) -> tuple[str, ...]:
    """The plan, whose minimum does not fit, what would make it fit, and who cannot hold its share."""
    if not site.chargers:
        return ()
    declared = config.grid.unmanaged_a
    worst_a = worst_case(Tree.of(site), {}, {} if declared is None else {GRID: per_phase(declared)}, 0.0)
    keep = [c.id for c in site.chargers.values() if Capability.LEASE not in manifests[c.integration].can]
    network = Network(site)
    plan = safe_plan(network, site.chargers.values(), worst_a, keep)
    lines = [*_shares(plan), *_misfits(site, network, worst_a), *_keepers(site, keep)]
    if declared is None:
        lines.append("grid.unmanaged_a is not set: nothing beside the cars counts until a meter has shown it.")
    return ("If the hub dies, the chargers give by themselves:", *(f"  {line}" for line in lines))


def _shares(plan: SafePlan) -> Iterator[str]:
    by_share: dict[float, list[ChargerId]] = defaultdict(list)
    for id, share in plan.shares.items():
        by_share[share.limit_a].append(id)
    for share_a, ids in sorted(by_share.items(), reverse=True):
        yield f"{amps(share_a)}  {_named(ids)}"


def _misfits(site: Site, network: Network, worst_a: Unmanaged) -> Iterator[str]:
    """For each circuit that not all minimums fit: on its worst line, what would do."""
    least_a = {c.id: c.min_a if c.fallback_a is None else min(c.min_a, c.fallback_a) for c in site.chargers.values()}
    over = network.excess(network.load(Background(worst_a, least_a))).tolist()
    told: set[CircuitId] = set()
    for over_a, row in sorted(zip(over, network.rows, strict=True), key=lambda pair: -pair[0]):
        if over_a > OVER_A and row.circuit not in told:
            told.add(row.circuit)
            where = f"{circuit_name(site, row.circuit)} {row.phase}"
            yield (
                f"Not all minimums fit: {where} would need {row.limit_a + over_a:.1f} A and has {amps(row.limit_a)}. "
                f"A limit_a of so much would do, less beside the cars, or fewer chargers on it."
            )


def _keepers(site: Site, keep: list[ChargerId]) -> Iterator[str]:
    bound = [id for id in keep if not site.chargers[id].keeps_limit]
    confirmed = [id for id in keep if site.chargers[id].keeps_limit]
    if bound:
        yield f"These keep their last limit instead, and are never given more than fits then: {_named(bound)}"
    if confirmed:
        yield f"These keep their last limit instead, whatever it is, as is confirmed (keeps_limit): {_named(confirmed)}"


def _named(ids: list[ChargerId]) -> str:
    rest = len(ids) - NAMED
    return ", ".join(ids[:NAMED]) + (f" and {rest} more" if rest > 0 else "")

"""House and sun: seeded, bounded, and never more than one step in twenty real seconds."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulator.site_file import load_site
from simulator.world.house import BEAT_S, DAY_S, House, daily_share
from simulator.world.plan import SitePlan, SunEntry
from simulator.world.sun import Sun, bell

DEMO: SitePlan = load_site("demo")


@pytest.mark.parametrize(("hour", "share"), [(0, 0.2), (3, 0.1), (6.5, 0.5), (18, 1.0), (19, 1.0), (23.5, 0.25)])
def test_the_day_of_the_house(hour: float, share: float) -> None:
    assert daily_share(hour * 3600) == pytest.approx(share)
    assert daily_share(hour * 3600 + DAY_S) == pytest.approx(share)


@pytest.mark.parametrize(("hour", "share"), [(5, 0), (6, 0), (13, 1), (20, 0), (23, 0)])
def test_the_clear_sky(hour: float, share: float) -> None:
    assert bell(hour * 3600) == pytest.approx(share)


@pytest.mark.parametrize("speed", [1, 60])
@pytest.mark.parametrize("seed", range(3))
def test_one_step_in_twenty_real_seconds_and_at_most_thirteen_amps(seed: int, speed: float) -> None:
    house, sun = House(DEMO.house, seed, speed), Sun(DEMO.sun, seed, speed)
    day = [i * speed for i in range(int(DAY_S / speed))]  # each real second
    load = [[h - s for h, s in zip(house.current_a(t), sun.current_a(t), strict=True)] for t in day]
    steps = [(i, max(b - a for a, b in zip(x, y, strict=True))) for i, (x, y) in enumerate(pairwise(load), 1) if x != y]
    assert all(i % BEAT_S == 0 for i, _ in steps)
    assert max(amps for _, amps in steps) <= 13
    only_appliances = House(DEMO.house.model_copy(update={"daily_a": (0, 0, 0)}), seed, speed)
    switched = [only_appliances.current_a(t) for t in day]
    edges = [max(abs(b - a) for a, b in zip(x, y, strict=True)) for x, y in pairwise(switched)]
    assert 3 < max(edges) <= 10


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    def day(seed: int) -> list[object]:
        house, sun = House(DEMO.house, seed, 1), Sun(DEMO.sun, seed, 1)
        return [(house.current_a(t), sun.current_a(t)) for t in range(0, 86_400, 600)]

    assert day(3) == day(3)
    assert day(3) != day(4)


def test_without_a_panel_there_is_no_sun() -> None:
    assert Sun(SunEntry(), 7, 1).current_a(13 * 3600) == (0, 0, 0)


def test_clouds_never_take_more_than_their_share() -> None:
    sun = Sun(SunEntry(peak_a=10, cloud_share=0.5), 7, 1)
    noon = [sun.current_a(t)[0] for t in range(46_000, 47_600, 20)]
    assert min(noon) >= 4.9
    assert max(noon) <= 10
    assert len(set(noon)) > 10

"""A car: what it draws from an offer, how quickly, and how it ends."""

from __future__ import annotations

import pytest

from simulator.world.car import Car, CarModel

VOLTS = (230.0, 230.0, 230.0)


def follow(car: Car, offered_a: float, seconds: float) -> float:
    for _ in range(round(seconds * 10)):
        car.step(0.1, offered_a, VOLTS, closed=True)
    return car.draw_a


@pytest.mark.parametrize(
    ("max_a", "min_a", "offered_a", "draws_a"),
    [
        (16, 6, 10, 9.8),  # a little less than offered
        (16, 6, 32, 15.8 + 0.2),  # its own maximum
        (16, 6, 6, 5.8),
        (16, 6, 5.9, 0),  # below its minimum it stops
        (16, 8, 7.9, 0),
        (16, 8, 8, 7.8),
        (16, 6, 0, 0),  # no duty cycle
    ],
)
def test_draws_what_it_can_use(max_a: float, min_a: float, offered_a: float, draws_a: float) -> None:
    car = Car(CarModel("car", 3, max_a, min_a, reaction_s=1), need_wh=50_000)
    assert follow(car, offered_a, 2) == pytest.approx(draws_a, abs=0.01)


@pytest.mark.parametrize("reaction_s", [0.3, 2.0, 5.0])
def test_follows_within_its_reaction_time_up_and_down(reaction_s: float) -> None:
    car = Car(CarModel("car", 3, 32, reaction_s=reaction_s), need_wh=50_000)
    assert follow(car, 32, reaction_s + 0.2) == pytest.approx(31.8, abs=0.1)
    assert follow(car, 6, 0.3 * reaction_s) == pytest.approx(31.8, abs=0.1)  # nothing moves at first
    assert follow(car, 6, 0.7 * reaction_s + 0.2) == pytest.approx(5.8, abs=0.01)


def test_tapers_over_the_last_fifth_then_stops() -> None:
    car = Car(CarModel("car", 1, 10, reaction_s=0.3), need_wh=100)
    drawn = []
    while not car.full:
        drawn.append((car.taken_wh, car.step(0.1, 32, VOLTS, closed=True)))
    at = {mark: next(a for wh, a in drawn if wh >= mark) for mark in (79, 90, 99)}
    assert at[79] == pytest.approx(10)
    assert at[90] == pytest.approx(6, abs=0.1)  # half of the taper: 10 × (0.2 + 0.8 × 0.5)
    assert at[99] == pytest.approx(2.4, abs=0.1)
    assert follow(car, 32, 5) == 0
    assert not car.asks


def test_takes_the_energy_of_its_phases() -> None:
    one, two = (Car(CarModel("car", phases, 16, reaction_s=0.3), need_wh=50_000) for phases in (1, 2))
    follow(one, 10.2, 360)
    follow(two, 10.2, 360)
    assert one.taken_wh == pytest.approx(230, rel=0.01)  # 10 A × 230 V × 0.1 h
    assert two.taken_wh == pytest.approx(460, rel=0.01)


def test_an_open_contactor_takes_the_current_at_once() -> None:
    car = Car(CarModel("car", 3, 16), need_wh=50_000)
    assert follow(car, 16, 3) > 15
    assert car.step(0.1, 16, VOLTS, closed=False) == 0

"""A meter that freezes, and one that only has nothing new to say."""

from hub.balance.standstill import Standstill
from hub.model.ids import ChargerId
from hub.model.units import PerPhase, same_on_each

SAID = PerPhase(12.3, 4.5, 6.7)


def drawn(*amps: float | None) -> dict[ChargerId, PerPhase[float | None]]:
    return {ChargerId(f"c{i}"): same_on_each(a) for i, a in enumerate(amps)}


def test_a_step_of_a_car_that_does_not_show_is_proof():
    meter = Standstill()
    seen = [meter.see(SAID, drawn(10.0 if at_s < 30 else 6.0), float(at_s)) for at_s in range(60)]
    assert seen.index(True) == 50  # 20 s later
    assert not meter.see(SAID._replace(l1=8.3), drawn(6.0), 60.0)


def test_a_quiet_site_is_no_frozen_meter():
    meter = Standstill()
    assert not any(meter.see(SAID, drawn(10.0 + at_s % 2), float(at_s)) for at_s in range(3600))


def test_a_step_that_shows_or_that_another_car_takes_back_is_none():
    meter = Standstill()
    assert not any(
        meter.see(SAID._replace(l1=float(at_s > 30)), drawn(10.0 - 4.0 * (at_s > 30)), float(at_s))
        for at_s in range(90)
    )
    meter = Standstill()
    assert not any(
        meter.see(SAID, drawn(*((10.0, 6.0) if at_s < 30 else (6.0, 10.0))), float(at_s)) for at_s in range(90)
    )


def test_who_was_not_measured_proves_nothing():
    meter = Standstill()
    assert not any(meter.see(SAID, drawn(*[10.0] * (at_s > 30)), float(at_s)) for at_s in range(90))
    assert not meter.see(SAID, {}, 91.0)

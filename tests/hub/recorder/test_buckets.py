"""Five minutes out of samples: tables that a reader can check by hand."""

from hub.model.charger import Status
from hub.model.grant import Limiter
from hub.recorder.buckets import Base, Bucket, Spread, Stat, counted, merged
from hub.recorder.codes import LIMITERS, STATES
from hub.recorder.sample import NOTHING, UNKNOWN, Change, Doing, Sample, Values

CHARGING = Doing(state=STATES[Status.CHARGING], limiter=LIMITERS[Limiter.CIRCUIT])
WAITING = Doing(state=STATES[Status.SUSPENDED_EVSE], limiter=LIMITERS[Limiter.QUEUE])


def five_minutes(*samples: tuple[int, Values], until: int = 300, **other: object) -> Stat:
    bucket = Bucket([Sample(at, 1, values) for at, values in samples], most_w=11_000, **other)  # type: ignore[arg-type]
    return counted(1, 0, until, bucket)


def test_a_mean_is_weighted_by_time() -> None:
    stat = five_minutes((0, Values(power=1000)), (60, Values(power=2000)))
    assert stat.power == Spread(1000, 1800, 2000)  # (60 × 1000 + 240 × 2000) / 300
    assert stat.known_s == 300


def test_what_nobody_said_is_unknown_and_no_zero() -> None:
    stat = five_minutes((0, Values(power=1000)), (60, NOTHING), (240, Values(power=4000, l1=600)))
    assert stat.power == Spread(1000, 2500, 4000)  # 60 s each; nobody knows of the 180 s between
    assert stat.l1 == Spread(600, 600, 600)
    assert stat.l2 == Spread(None, None, None)
    assert stat.known_s == 120
    assert stat.energy is None


def test_a_bucket_that_is_not_over_counts_up_to_now() -> None:
    stat = five_minutes((0, Values(power=1000)), until=100, doing=CHARGING)
    assert (stat.known_s, stat.power.mean, stat.states) == (100, 1000, "3:100")


def test_energy_goes_on_from_the_bucket_before() -> None:
    stat = five_minutes((0, Values(energy=1000)), (150, Values(energy=1200)), base=Base(-300, 900, None))
    assert (stat.energy, stat.register) == (300, 1200)


def test_a_charger_that_was_replaced_gives_no_negative_energy() -> None:
    stat = five_minutes((0, Values(energy=50_000)), (100, Values(energy=50_100)), (200, Values(energy=0)))
    assert (stat.energy, stat.register) == (100, 0)


def test_import_and_export_are_two_registers() -> None:
    stat = five_minutes((0, Values(energy=100, export=7)), (200, Values(energy=110, export=9)))
    assert (stat.energy, stat.export, stat.register, stat.export_register) == (10, 2, 110, 9)


def test_seconds_of_each_state_and_reason() -> None:
    stat = five_minutes(doing=WAITING, changes=[Change(100, 1, CHARGING), Change(280, 1, UNKNOWN)])
    assert stat.states == "3:180,5:100"
    assert stat.limiters == "2:180,6:100"


def test_an_hour_of_five_minutes() -> None:
    first = five_minutes((0, Values(power=1000, energy=0)), (299, Values(power=1000, energy=80)), doing=CHARGING)
    second = five_minutes((0, Values(power=4000, energy=400)), (100, NOTHING), base=Base(0, 80, None), doing=WAITING)
    hour = merged(0, [first, second])
    assert hour.power == Spread(1000, 1750, 4000)  # (300 × 1000 + 100 × 4000) / 400
    assert (hour.known_s, hour.energy, hour.register) == (400, 400, 400)
    assert (hour.states, hour.limiters) == ("3:300,5:300", "2:300,6:300")


def test_hours_of_nothing_stay_unknown() -> None:
    assert merged(0, [Stat(1, 0), Stat(1, 300)]) == Stat(1, 0)

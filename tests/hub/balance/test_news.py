"""Which meters are said to be silent or frozen, since when, and that each is told once."""

from datetime import UTC, datetime, timedelta

from hub.balance.circuits import survey
from hub.balance.memory import Memory
from hub.balance.metered import Besides
from hub.balance.news import in_words, news
from hub.core.alarms import alarms
from hub.core.state import Blind, LiveCharger, LiveMeter, Picture
from hub.model.charger import Status
from hub.model.facts import Fact, MeterFellSilent, MeterSpokeAgain
from hub.model.ids import GRID, ChargerId, MeterId
from hub.model.reading import MeterReading
from hub.model.units import same_on_each
from tests.hub.balance.drawings import charger, one_fuse

AT = datetime(2026, 1, 1, tzinfo=UTC)
M = MeterId("m")


class Watched:
    """One meter on one fuse, looked at now and then."""

    def __init__(self) -> None:
        self.picture = Picture(one_fuse(32, charger("c0"), meter="m"))
        self.memory = Memory(self.picture.site, Besides(), 0.0)

    def says(self, at_s: float, a: float, car_a: float | None = None) -> None:
        if car_a is not None:
            live = LiveCharger(ChargerId("c0"), "S-c0", online=True, status=Status.CHARGING, held_a=16.0)
            live.line_a, live.reading_at_s = same_on_each(car_a), at_s
            self.memory.hear_charger(live, at_s)
        reading = MeterReading(at=AT + timedelta(seconds=at_s), current_a=same_on_each(a))
        self.memory.hear_meter(LiveMeter(M, reading=reading, reading_at_s=at_s), at_s)

    def looks(self, at_s: float) -> list[Fact]:
        before = self.picture.circuits
        self.picture.circuits = survey(self.memory, self.picture, AT + timedelta(seconds=at_s), at_s)
        return list(news(before, self.picture))

    @property
    def blind(self) -> Blind | None:
        return self.picture.circuits[GRID].blind


def test_a_meter_that_falls_silent_is_told_once_and_again_with_its_third_sample():
    site = Watched()
    site.says(1.0, 5.0)
    assert site.looks(11.0) == []
    (told,) = site.looks(11.5)
    assert told == MeterFellSilent(at=AT + timedelta(seconds=11.5), meter=M, circuit=GRID, frozen=False)
    assert in_words(told) == "meter m says nothing: nobody in grid is raised"
    assert site.blind == Blind(AT + timedelta(seconds=1))
    assert site.looks(30.0) == []
    for at_s in (31.0, 32.0):
        site.says(at_s, 6.0 + at_s)
        assert site.looks(at_s) == []
    site.says(33.0, 7.0)
    (told,) = site.looks(33.0)
    assert told == MeterSpokeAgain(at=AT + timedelta(seconds=33), meter=M, circuit=GRID, for_s=32.0)
    assert in_words(told) == "meter m can be believed again, after 32 s"


def test_a_meter_has_its_time_to_speak_after_the_start():
    site = Watched()
    assert (site.looks(0.1), site.looks(10.0)) == ([], [])
    assert [type(told) for told in site.looks(10.1)] == [MeterFellSilent]
    assert site.blind == Blind(AT)
    assert [(a.code, a.text, a.since) for a in alarms(site.picture)] == [
        ("meter_silent", "meter m says nothing; nobody in Grid connection is raised", AT)
    ]


def test_a_frozen_meter_is_told_as_such_until_it_moves():
    site = Watched()
    told = []
    for at_s in range(1, 60):
        site.says(float(at_s), 20.0, car_a=16.0 if at_s < 20 else 8.0)
        told += site.looks(float(at_s))
    assert [(t.frozen, (t.at - AT).total_seconds()) for t in told] == [(True, 40.0)]
    assert next(alarms(site.picture)).code == "meter_frozen"
    for at_s in range(60, 63):
        assert site.blind is not None
        site.says(float(at_s), 12.0 + at_s / 100, car_a=8.0)
        told += site.looks(float(at_s))
    assert isinstance(told[-1], MeterSpokeAgain)
    assert site.blind is None

"""The site in short."""

from __future__ import annotations

from dataclasses import replace

from hub.core.entry import Position
from hub.core.state import LiveCircuit
from hub.model.charger import Status
from hub.model.ids import GRID
from hub.model.reading import Fault
from hub.model.units import PerPhase, same_on_each
from hub.operators.live import Stamp, says_the_same, status_of
from hub.wire.operator.messages import ChargerStatus
from tests.hub.operators.small_hub import AT, BAY_1, picture

STAMP = Stamp("hub-1", Position("e" * 32, 17), 3, "b" * 32, AT)


def test_what_is_known_and_what_is_not() -> None:
    seen = picture()
    seen.chargers[BAY_1].status = Status.FAULTED
    seen.chargers[BAY_1].fault = Fault(code="GroundFailure")
    status = status_of(seen, STAMP)
    assert (status.hub, status.seq, status.rev, status.site.name) == ("hub-1", 17, 3, "Riverside 12")
    assert (status.site.chargers.total, status.site.power_w, status.alarms) == (1, None, ())
    charger = status.chargers["bay-1"]
    assert (charger.status, charger.online, charger.power_w) == ("faulted", True, None)
    assert charger.fault is not None
    assert charger.fault.code == "GroundFailure"


def test_a_charger_that_was_never_heard_of_is_unknown() -> None:
    seen = picture()
    del seen.chargers[BAY_1]
    unknown = ChargerStatus(status=None, online=None, power_w=None, session_id=None, limit_a=None)
    assert status_of(seen, STAMP).chargers["bay-1"] == unknown


def test_alarms() -> None:
    seen = picture()
    nothing: PerPhase[float | None] = PerPhase(None, None, None)
    seen.circuits[GRID] = LiveCircuit(GRID, AT, nothing, nothing, same_on_each(63.0), None, True, False, over=True)
    alarms = status_of(seen, STAMP, short_of_space=True).alarms
    assert [alarm.code for alarm in alarms] == ["circuit_over_limit", "storage_full"]
    assert alarms[0].text == "Grid connection carries more than its limit"


def test_a_later_moment_alone_is_no_news() -> None:
    seen = picture()
    first = status_of(seen, STAMP)
    later = replace(STAMP, rev=4, position=Position("e" * 32, 18))
    assert says_the_same(first, status_of(seen, later))
    seen.chargers[BAY_1].online = False
    assert not says_the_same(first, status_of(seen, later))
    assert not says_the_same(None, first)

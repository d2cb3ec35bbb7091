"""What is read out of a hub's status, case by case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.cli.look import Grade, Look, has_problem, lines
from hub.cli.running import of_operators, of_status
from hub.core.shown import site_document
from hub.core.state import LiveBalancing, LiveSafePlan, Picture, PlanState
from hub.model.reading import Fault
from tests.hub.mqtt.example import BAY_1, BAY_2, GARAGE, MAIN, NOW, candidate, picture

WELL = {"file": "config.yaml", "problems": [], "needs_restart": []}


def looked(seen: Picture, found: int = 0, lag_ms: float | None = 3.0, **config: object) -> dict[str, Look]:
    document: dict[str, Any] = dict(site_document(seen, [candidate(f"s{n}") for n in range(found)], NOW))
    document |= {"config": WELL | config, "hub": {"loop_lag_ms": {"p99": lag_ms, "max": lag_ms}}}
    return {look.name: look for look in of_status(document, " --data here", NOW + timedelta(minutes=14))}


def well() -> Picture:
    seen = picture()
    seen.balancing, seen.safe_plan = LiveBalancing(NOW), None
    seen.chargers[BAY_2].online = True
    return seen


def test_all_is_well() -> None:
    looks = looked(well())
    assert [(name, look.grade) for name, look in looks.items()] == [
        ("hub", Grade.OK),
        ("chargers", Grade.OK),
        ("meters", Grade.OK),
    ]
    assert (looks["chargers"].text, looks["meters"].text) == ("all 2 answer", "main answers")


def test_who_does_not_answer_is_named() -> None:
    seen = well()
    seen.chargers[BAY_1].online = False
    seen.meters[MAIN].online = None
    looks = looked(seen)
    assert looks["chargers"].text == "1 of 2 answer"
    assert (looks["bay-1"].grade, looks["bay-1"].text) == (Grade.PROBLEM, "does not answer, last measured 14 min ago")
    assert looks["main"].text == "was not heard since the hub started, last measured 14 min ago"
    assert looks["bay-1"].next


def test_a_fault_comes_with_its_words_and_the_order_that_may_help() -> None:
    seen = well()
    seen.chargers[BAY_1].fault = Fault(code="GroundFailure", vendor_code="E7")
    look = looked(seen)["bay-1"]
    assert (look.grade, look.text) == (Grade.PROBLEM, "GroundFailure, E7")
    assert "evhub order --data here charger.reset charger=bay-1" in look.next


def test_an_alarm_is_a_problem() -> None:
    seen = well()
    seen.circuits[GARAGE].over = True
    assert looked(seen)["alarm"].text == "Garage carries more than its limit"


@pytest.mark.parametrize(
    ("change", "name", "grade", "words"),
    [
        ({"lag_ms": 900.0}, "hub", Grade.HINT, "900 ms late"),
        ({"lag_ms": None}, "hub", Grade.OK, "it runs, balancing running"),
        ({"found": 1}, "found", Grade.HINT, "1 waiting to be adopted: s0"),
        ({"found": 5}, "found", Grade.HINT, "5 waiting to be adopted: s0, s1, s2, …"),
        ({"needs_restart": ["web"]}, "configuration", Grade.HINT, "web counts from the next start on"),
        ({"problems": [{}]}, "configuration", Grade.PROBLEM, "an earlier state of the file"),
    ],
)
def test_the_hub_itself(change: dict[str, Any], name: str, grade: Grade, words: str) -> None:
    look = looked(well(), **change)[name]
    assert look.grade is grade
    assert words in look.text


@pytest.mark.parametrize("state", [PlanState.PARTLY, PlanState.NOT_POSSIBLE])
def test_a_site_that_is_not_safe_without_a_hub(state: PlanState) -> None:
    seen = well()
    seen.safe_plan = LiveSafePlan(state, (BAY_1,))
    look = looked(seen)["safe plan"]
    assert (look.grade, "bay-1" in look.text) == (Grade.HINT, True)
    seen.safe_plan = LiveSafePlan(PlanState.SET)
    assert "safe plan" not in looked(seen)


def test_a_start_is_waited_for() -> None:
    look = looked(picture())["hub"]
    assert (look.grade, look.text) == (Grade.HINT, "it starts: nothing is raised before bay-2 has spoken")


@pytest.mark.parametrize(
    ("view", "grade", "text"),
    [
        ({"connected": True, "way": "mqtt"}, Grade.OK, "connected by mqtt"),
        ({"connected": True, "way": "https", "behind": 3, "oldest_unsent_s": 8.0}, Grade.OK, "3 facts waiting"),
        ({"last_error": "HTTP 401", "behind": 117, "oldest_unsent_s": 600.0}, Grade.HINT, "10 min: HTTP 401"),
        (
            {"last_error": "HTTP 401", "behind": 117, "oldest_unsent_s": 9000.0},
            Grade.PROBLEM,
            "the oldest for 2 h: HTTP 401",
        ),
        ({"connected": True, "way": "mqtt", "behind": 1, "oldest_unsent_s": 9000.0}, Grade.PROBLEM, "1 fact waiting"),
    ],
)
def test_an_operator(view: dict[str, Any], grade: Grade, text: str) -> None:
    silent = {"connected": False, "way": None, "behind": 0, "oldest_unsent_s": None, "last_error": None}
    [look] = of_operators({"acme": silent | view}, "")
    assert (look.name, look.grade) == ("operator acme", grade)
    assert text in look.text


def test_in_words() -> None:
    looks = [Look("clock", Grade.OK, "right"), Look("bay-7", Grade.PROBLEM, "away", "look\nthen look again")]
    assert lines(looks) == [
        "✓ clock  right",
        "✗ bay-7  away",
        "         look",
        "         then look again",
        "1 ok, 1 problem.",
    ]
    assert has_problem(looks)

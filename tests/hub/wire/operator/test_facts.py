"""Every fact that the journal keeps has its wire form with the same fields, and whatever it holds passes the check."""

from dataclasses import fields
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.shown import members
from hub.model import facts
from hub.model.facts import Event, Keeping
from hub.model.units import PerPhase
from hub.wire.operator.errors import NotReadable
from hub.wire.operator.facts import FACTS, check_fact, read_fact, schema_of

st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=32)
st.register_type_strategy(float, FLOATS)
st.register_type_strategy(PerPhase, st.builds(PerPhase, FLOATS, FLOATS, FLOATS))
EVENTS = [fact for fact in vars(facts).values() if isinstance(fact, type) and issubclass(fact, Event)]
KEPT = sorted((fact for fact in EVENTS if fact.keeping is not None), key=lambda fact: fact.name)


def test_every_kept_fact_has_its_schema_and_no_other() -> None:
    assert {schema_of(fact.name) for fact in KEPT} == set(FACTS)


@pytest.mark.parametrize("fact", KEPT, ids=lambda fact: fact.name)
def test_a_fact_has_the_same_fields_on_the_wire(fact: type[Event]) -> None:
    assert {field.name for field in fields(fact)} - {"at"} == set(FACTS[schema_of(fact.name)].model_fields)


@pytest.mark.parametrize("fact", KEPT, ids=lambda fact: fact.name)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_whatever_a_fact_holds_passes_the_check(fact: type[Event], data: st.DataObject) -> None:
    told = data.draw(st.from_type(fact))
    document = {name: value for name, value in members(told).items() if name != "at"}
    check_fact(schema_of(fact.name), document)  # type: ignore[arg-type]  # members are JSON, and typed as objects


def test_what_is_sent_has_no_field_too_many_and_a_schema_of_ours() -> None:
    with pytest.raises(NotReadable, match="colour: Extra inputs are not permitted"):
        check_fact("evhub.meter_connected.v1", {"meter": "main", "colour": "red"})
    with pytest.raises(NotReadable, match="is no schema of ours"):
        check_fact("evhub.meter_painted.v1", {})
    with pytest.raises(NotReadable, match="meter: Input should be a valid string"):
        check_fact("evhub.meter_connected.v1", {"meter": 3})


def test_a_reader_takes_a_fact_with_more_in_it_and_leaves_an_unknown_one() -> None:
    assert read_fact("evhub.meter_connected.v1", {"meter": "main", "colour": "red"}) == read_fact(
        "evhub.meter_connected.v1", {"meter": "main"}
    )
    assert read_fact("evhub.meter_painted.v1", {}) is None


def test_the_classes_are_the_words_of_the_journal() -> None:
    assert {word.value for word in Keeping} == {"kept", "status", "progress"}

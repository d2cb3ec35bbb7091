"""Which filters overlap, and the fewest that bring each message once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from hub.core.mqtt_link.filters import covering, joined, overlap


@pytest.mark.parametrize(
    ("one", "other", "do", "join"),
    [
        ("a/b", "a/b", True, "a/b"),
        ("a/b", "a/c", False, None),
        ("a/b", "a", False, None),
        ("a", "a/#", True, "a/#"),
        ("a/+", "a/b", True, "a/+"),
        ("a/+", "a/b/c", False, None),
        ("a/+/c", "a/b/+", True, "a/+/+"),
        ("+/b", "a/#", True, "+/#"),
        ("#", "a/b/c", True, "#"),
        ("#", "$SYS/uptime", False, None),
        ("+/uptime", "$SYS/uptime", False, None),
        ("$SYS/#", "$SYS/uptime", True, "$SYS/#"),
    ],
)
def test_overlaps(one: str, other: str, do: bool, join: str | None) -> None:
    assert overlap(one, other) is overlap(other, one) is do
    if join is not None:
        assert joined(one, other) == joined(other, one) == join


@pytest.mark.parametrize(
    ("filters", "fewest"),
    [
        ([("a", 0), ("b", 1)], {"a": 0, "b": 1}),
        ([("a/b", 1), ("a/+", 0)], {"a/+": 1}),
        ([("a/b", 0), ("c", 0), ("a/c", 0), ("a/#", 0)], {"c": 0, "a/#": 0}),
        ([("a/b/c", 0), ("x/+/c", 1), ("+/b/+", 0)], {"+/+/+": 1}),
        ([], {}),
    ],
)
def test_the_fewest(filters: list[tuple[str, int]], fewest: dict[str, int]) -> None:
    assert covering(filters) == fewest


LEVEL = st.sampled_from(["a", "b", "$c", "+"])
FILTER = st.tuples(st.lists(LEVEL, min_size=1, max_size=3), st.booleans()).map(
    lambda made: "/".join([*made[0], "#"] if made[1] else made[0])
)
TOPIC = st.lists(st.sampled_from(["a", "b", "$c"]), min_size=1, max_size=4).map("/".join)


@given(st.lists(FILTER, max_size=6), TOPIC)
def test_each_message_comes_once_and_none_is_missed(filters: list[str], topic: str) -> None:
    fewest = covering((name, 0) for name in filters)
    bringing = [name for name in fewest if topic_matches_sub(name, topic)]
    assert len(bringing) <= 1
    if any(topic_matches_sub(name, topic) for name in filters):
        assert len(bringing) == 1

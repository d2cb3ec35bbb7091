"""What goes up of a part of the journal: each place is an item or in the range of a skip, and never both."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.entry import Position
from hub.model.facts import Keeping
from hub.operators.batch import Known, Packed, Stretch, pack
from hub.wire.operator.messages import MOST_ITEMS, Batch, Event
from tests.hub.operators.entries import EARLIER, EPOCH, EVERYTHING, entries, entry

NOBODY = Known(start=0, old=0)
KEPT_ONLY = replace(EVERYTHING, classes=frozenset({Keeping.KEPT}))
ROOMY = 64 * 1024


def said(packed: Packed | None) -> str:
    """`"1 2-3 filtered 4"`: places of events, and skips with their reason."""
    if packed is None:
        return "nothing"
    words = []
    for item in packed.items:
        first, last = item.span
        words.append(f"{first}" if isinstance(item, Event) else f"{first}-{last} {item.skip.reason}")
    return " ".join(words)


@pytest.mark.parametrize(
    ("after", "text", "known", "expected"),
    [
        (0, "1k 2k 3k", NOBODY, "1 2 3"),
        (0, "1k 2s 3p 4k", NOBODY, "1 2-3 filtered 4"),
        (0, "1s 2s", NOBODY, "1-2 filtered"),
        (0, "1k 4k", NOBODY, "1 2-3 thinned 4"),
        (0, "1k 2s 4s 5k", NOBODY, "1 2-2 filtered 3-3 thinned 4-4 filtered 5"),
        (0, "7k", Known(start=0, old=5), "1-5 pruned 6-6 thinned 7"),
        (0, "7k", Known(start=3, old=5), "1-3 filtered 4-5 pruned 6-6 thinned 7"),
        (0, "2k 3k", Known(start=2, old=2), "1-2 filtered 3"),
        (4, "5k", Known(start=0, old=4), "5"),
    ],
)
def test_each_place_is_told(after: int, text: str, known: Known, expected: str) -> None:
    packed = pack(Stretch(after, entries(text), 99, Position(EPOCH, 99)), known, KEPT_ONLY, ROOMY)
    assert said(packed) == expected


@pytest.mark.parametrize(
    ("after", "head", "known", "expected"),
    [
        (0, 5, Known(0, 5), "1-5 pruned"),
        (0, 5, Known(5, 5), "1-5 filtered"),
        (3, 5, Known(0, 3), "4-5 thinned"),
        (5, 5, NOBODY, "nothing"),
    ],
)
def test_where_no_entry_is_left_all_of_it_is_told(after: int, head: int, known: Known, expected: str) -> None:
    packed = pack(Stretch(after, [], head, Position(EPOCH, head)), known, EVERYTHING, ROOMY)
    assert said(packed) == expected
    assert packed is None or packed.last == head


def test_a_message_is_of_one_epoch_and_the_next_begins_at_1() -> None:
    """Entries 1 to 3 are of an earlier epoch; the backup that was restored ended there."""
    old = [entry(2, epoch=EARLIER), entry(3, epoch=EARLIER)]
    new = [entry(5, base=3), entry(6, base=3)]
    first = pack(Stretch(1, [*old, *new], 6, Position(EPOCH, 3)), NOBODY, EVERYTHING, ROOMY)
    assert first is not None
    assert (first.epoch, said(first), first.last) == (EARLIER, "2 3", 3)
    second = pack(Stretch(3, new, 6, Position(EPOCH, 3)), NOBODY, EVERYTHING, ROOMY)
    assert second is not None
    assert (second.epoch, said(second), second.last) == (EPOCH, "1-1 thinned 2 3", 6)


def test_a_message_is_no_larger_than_wanted_but_holds_one_fact_at_least() -> None:
    large = [entry(no, name="x" * 1000) for no in (1, 2, 3)]
    stretch = Stretch(0, large, 3, Position(EPOCH, 3))
    assert said(pack(stretch, NOBODY, EVERYTHING, 3000)) == "1 2"
    assert said(pack(stretch, NOBODY, EVERYTHING, 10)) == "1"


def test_an_event_says_when_it_happened_and_everything_around_it() -> None:
    packed = pack(Stretch(6, [entry(7, charger="bay-1")], 7, Position(EPOCH, 7)), NOBODY, EVERYTHING, ROOMY)
    assert packed is not None
    [event] = packed.items
    assert event.model_dump(mode="json") == {
        "seq": 7,
        "schema": "evhub.session_started.v1",
        "at": "2026-01-31T15:04:05.123Z",
        "mono_ms": 70,
        "boot_id": "b" * 32,
        "clock_synced": True,
        "class": "kept",
        "data": {"charger": "bay-1"},
    }


@given(
    st.dictionaries(st.integers(1, 1200), st.sampled_from("ksp"), max_size=800),
    st.integers(0, 50),
    st.integers(0, 60),
)
@settings(deadline=None, max_examples=60)
def test_whatever_is_missing_a_batch_is_valid_and_the_next_goes_on_after_it(
    kinds: dict[int, str], start: int, old: int
) -> None:
    """Taken together, messages tell every place up to the head, each once."""
    journal, after, head = [entry(no, kind) for no, kind in sorted(kinds.items())], 0, 1300
    while after < head:
        part = [one for one in journal if one.no > max(after, start)][:MOST_ITEMS]
        packed = pack(Stretch(after, part, head, Position(EPOCH, head)), Known(start, old), KEPT_ONLY, ROOMY)
        assert packed is not None
        batch = Batch(hub="hub-1", epoch=packed.epoch, items=packed.items)
        assert batch.span == (after + 1, packed.last)
        after = packed.last

"""How far an operator is, move by move: seconds on the left, numbers of the journal on the right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.operators.progress import MOST_UNACKED, PATIENCE_S, Progress


def test_the_ordinary_way() -> None:
    progress = Progress.at(10)
    progress.was_sent(20, 0.0)
    progress.was_acked(15, 1.0)
    assert (progress.acked, progress.sent) == (15, 20)
    progress.was_acked(12, 2.0)  # late
    progress.was_acked(15, 2.0)  # again
    assert progress.acked == 15
    progress.was_acked(20, 3.0)
    assert not progress.look(1000.0)  # nothing is owed
    assert progress.sent == 20


def test_nothing_heard_for_long_is_sent_again_after_longer_and_longer() -> None:
    progress, sent_again = Progress.at(0), []
    progress.was_sent(5, 0.0)
    for second in range(1, 700):
        if progress.look(float(second)):
            sent_again.append(second)
            assert progress.sent == 0
            progress.was_sent(5, float(second))
    assert sent_again == [30, 90, 210, 450]


def test_an_ack_makes_patience_short_again() -> None:
    progress = Progress.at(0)
    progress.was_sent(5, 0.0)
    assert progress.look(PATIENCE_S)
    progress.was_sent(5, 30.0)
    progress.was_acked(3, 40.0)
    assert not progress.look(69.0)
    assert progress.look(70.0)
    assert progress.sent == 3


def test_what_is_asked_for_again_is_sent_at_once_and_then_only_after_a_pause() -> None:
    """Ten batches are under way when one is lost: each of the nine behind it makes the operator ask."""
    progress = Progress.at(0)
    progress.was_sent(100, 0.0)
    assert progress.asked_again(10, 1.0)
    assert (progress.acked, progress.sent) == (10, 10)
    progress.was_sent(100, 1.1)
    assert not any(progress.asked_again(10, 1.2) for _ in range(9))
    progress.was_acked(100, 1.5)
    progress.look(10.0)
    assert progress.sent == 100  # the second time they arrived


def test_what_was_asked_for_in_the_pause_is_sent_after_it_when_it_did_not_come() -> None:
    progress = Progress.at(0)
    progress.asked_again(10, 1.0)
    progress.was_sent(100, 1.1)
    progress.asked_again(10, 1.2)
    progress.look(2.9)
    assert progress.sent == 100
    progress.look(3.0)
    assert progress.sent == 10


def test_an_operator_that_asks_for_ever_is_answered_less_and_less_often() -> None:
    progress, went_back = Progress.at(0), []
    for second in range(3000):
        progress.was_sent(100, float(second))
        progress.asked_again(0, float(second))
        progress.was_acked(50, float(second))  # no progress: it was there before, after the first time
        if progress.asked_again(0, float(second)) or progress.sent == 0:
            went_back.append(second)
    assert len(went_back) < 25


def test_after_a_new_connection_it_goes_on_behind_the_last_ack() -> None:
    progress = Progress.at(0)
    progress.was_sent(50, 0.0)
    progress.was_acked(20, 1.0)
    progress.connected_anew()
    assert progress.sent == 20


def test_a_replay_is_not_undone_by_an_operator_that_has_it_all() -> None:
    progress = Progress.at(50)
    progress.go_back(0)
    progress.was_sent(10, 0.0)
    progress.was_acked(50, 0.1)
    assert (progress.acked, progress.sent) == (50, 10)
    progress.connected_anew()
    assert progress.sent == 10


def test_the_window_closes_and_opens() -> None:
    progress = Progress.at(0)
    progress.was_sent(MOST_UNACKED, 0.0)
    assert progress.room == 0
    progress.was_acked(500, 1.0)
    assert progress.room == 500


MOVES = st.sampled_from(["send", "ack", "old ack", "resend", "lost", "wait"])


@given(st.lists(MOVES, max_size=60), st.integers(0, 200))
def test_whatever_happens_everything_arrives_when_the_line_is_good_again(moves: list[str], head: int) -> None:
    progress, now_s, has = Progress.at(0), 0.0, 0
    for move in moves:
        now_s += 1.0
        if move == "send":
            progress.was_sent(min(head, progress.sent + 10), now_s)
        elif move == "ack":
            has = max(has, min(progress.sent, has + 10))
            progress.was_acked(has, now_s)
        elif move == "old ack":
            progress.was_acked(has // 2, now_s)
        elif move == "resend":
            progress.asked_again(has, now_s)
        elif move == "lost":
            progress.connected_anew()
        else:
            now_s += 400.0
        progress.look(now_s)
        assert progress.acked <= has
    while has < head:
        now_s += 400.0
        progress.look(now_s)
        assert progress.sent <= has
        progress.was_sent(min(head, progress.sent + 10), now_s)
        has = max(has, progress.sent)
        progress.was_acked(has, now_s)
    assert progress.acked == head

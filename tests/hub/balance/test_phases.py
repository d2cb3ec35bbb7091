"""Which terminals a car loads: freed after a minute without current, back with the first that shows."""

import pytest

from hub.balance.phases import Terminals


@pytest.mark.parametrize(
    ("amps", "used"),
    [
        ((16.0, 0.0, 0.0), 1),
        ((16.0, 16.0, 0.0), 2),
        ((16.0, 0.3, 0.9), 1),  # less than 1 A is noise
        ((16.0, 16.0, 16.0), None),
        ((4.9, 0.0, 0.0), None),  # too little to tell
        ((16.0, 4.0, 0.0), None),
        ((0.0, 16.0, 0.0), None),  # cars load from the first terminal on: this says nothing we understand
        ((0.0, 0.0, 0.0), None),
        ((16.0, None, 0.0), None),
    ],
)
def test_a_minute_of_the_same_is_believed(amps, used):
    terminals = Terminals()
    for second in range(0, 60, 5):
        terminals.see(amps, float(second))
        assert terminals.used is None
    terminals.see(amps, 60.0)
    assert terminals.used == used


def test_a_break_begins_the_minute_anew():
    terminals = Terminals()
    for at_s, amps in ((0, 16.0), (50, 2.0), (55, 16.0), (100, 16.0)):
        terminals.see((amps, 0.0, 0.0), float(at_s))
    assert terminals.used is None
    assert terminals.see((16.0, 0.0, 0.0), 115.0)
    assert terminals.used == 1


def test_the_first_current_on_a_freed_terminal_takes_it_back():
    terminals = Terminals(used=1)
    assert not terminals.see((0.0, 0.0, 0.0), 1.0)  # paused: what was learnt stays
    assert terminals.see((6.0, 1.1, 0.0), 2.0)
    assert terminals.used is None


def test_a_car_that_left_is_forgotten():
    terminals = Terminals(used=2)
    assert terminals.forget()
    assert not terminals.forget()
    assert terminals.used is None

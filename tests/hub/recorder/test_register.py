"""Energy out of registers, each by a table that a reader can add up."""

import pytest

from hub.recorder.register import Register
from hub.recorder.sample import ANEW

MINUTE = 60


def flowed(values: list[int], most_w: float = 11_000, base: int | None = None) -> list[int]:
    """What each sample of a series, one a minute, adds."""
    register = Register(most_w, base, 0)
    return [register.moved(value, (number + 1) * MINUTE) for number, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "added"),
    [
        ([1000, 1100, 1250], [0, 100, 150]),  # the first only says where it stands
        ([1000, 1000, 1000], [0, 0, 0]),
        ([5000, 0, 90], [0, 0, 90]),  # reset to 0
        ([5000, 120, 200], [0, 120, 80]),  # reset, and 120 Wh flowed since: 11 kW can do that in a minute
        ([5000, 900_000, 900_050], [0, 0, 50]),  # leapt: another register, not 895 kWh
        ([900_000, 4000, 4050], [0, 0, 50]),  # another device whose register stands at 4 kWh
        ([5000, 0, 5100, 5200], [0, 0, 100, 100]),  # one bad sample
        ([5000, 0, 20, 5100], [0, 0, 20, 80]),  # two of them: what was counted meanwhile is part of it
        ([5000, 4999, 5001], [0, 0, 1]),  # rounding
        ([5000, 6000, 7000], [0, 1000, 1000]),  # a register of whole kilowatt-hours
        ([5000, ANEW, 9000, 9100], [0, 0, 0, 100]),  # somebody put another device there
        ([5000, ANEW, 5100, 5200], [0, 0, 0, 100]),
    ],
)
def test_what_flowed(values: list[int], added: list[int]) -> None:
    assert flowed(values) == added


def test_it_goes_on_from_where_it_stood_before() -> None:
    assert flowed([1100, 1200], base=1000) == [100, 100]


def test_two_hours_without_a_sample_count_with_the_next() -> None:
    register = Register(11_000, 1000, 0)
    assert register.moved(21_000, 7200) == 20_000

"""CSV that a spreadsheet reads: units in the header, ISO times, unknown is empty."""

import csv
from zoneinfo import ZoneInfo

from hub.recorder.text import header, lines

NOON = 1_772_539_200
ROWS = [
    [NOON, 300, 11_040, 16.0, None, "6 A because Row 1, L2 is full"],
    [NOON + 300, 0, None, 15.87, 0.0, 'it is "paused"'],
]
NAMES = ["known_s", "power_w", "current_l1_a", "current_l2_a", "limit_text"]


def test_the_golden_lines() -> None:
    assert header(NAMES, None) + lines(ROWS, None) == (
        "time_utc,known_s,power_w,current_l1_a,current_l2_a,limit_text\n"
        '2026-03-03T12:00:00Z,300,11040,16,,"6 A because Row 1, L2 is full"\n'
        '2026-03-03T12:05:00Z,0,,15.87,0,"it is ""paused"""\n'
    )


def test_local_times_have_their_offset() -> None:
    zone = ZoneInfo("Europe/Brussels")
    assert header(["power_w"], zone) == "time_local,power_w\n"
    assert lines([[NOON, 5]], zone) == "2026-03-03T13:00:00+01:00,5\n"


def test_what_is_written_is_read_back() -> None:
    read = list(csv.reader(lines(ROWS, None).splitlines()))
    assert read[0][-1] == "6 A because Row 1, L2 is full"
    assert read[1][-1] == 'it is "paused"'
    assert {len(row) for row in read} == {6}

"""How far a station's clock is from ours, as far as the times tell that it writes into its messages. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.wire.ocpp16 import parse_time

NEAR = timedelta(seconds=10)  # a lease needs a clock so near to ours
ROUNDING = timedelta(seconds=1)  # some write no fractions
APART = timedelta(seconds=2)
ALIKE = timedelta(seconds=5)

Said = tuple[str | None, datetime]
"""The time that a message names, and when it came."""


@dataclass(slots=True)
class StationClock:
    """Messages are only put down as they come; `off_by` looks at the newest.

    One that names a time ahead of ours shows a clock that is ahead. One that names an old time may have been late: a
    clock is behind when two in a row lag by the same.
    """

    said: Said | None = None
    _before: tuple[timedelta, datetime] | None = None  # how far the last one that lagged did, and when it came
    _off_by: timedelta = timedelta()

    def off_by(self) -> timedelta | None:
        """How far ahead of ours (negative: behind) it is, if that is too far for leases; else None."""
        if self.said is not None:
            self._judge(*self.said)
            self.said = None
        return self._off_by or None

    def _judge(self, text: str | None, came: datetime) -> None:
        at = parse_time(text)
        if at is None:
            return
        ahead = at - came
        if abs(ahead) <= NEAR + ROUNDING:
            self._off_by, self._before = timedelta(), None
        elif ahead > timedelta() or self._lags_again(ahead, came):
            self._off_by = ahead

    def _lags_again(self, ahead: timedelta, came: datetime) -> bool:
        before, self._before = self._before, (ahead, came)
        return before is not None and came - before[1] >= APART and abs(ahead - before[0]) <= ALIKE


def in_words(off_by: timedelta) -> str:
    """`31 s ahead`, `2 h behind`."""
    seconds = abs(off_by.total_seconds())
    amount = f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"
    if seconds >= 90 * 60:
        amount = f"{seconds / 3600:.0f} h"
    return f"{amount} {'ahead' if off_by > timedelta() else 'behind'}"

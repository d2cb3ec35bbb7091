"""Energy out of a register that may begin anew. Pure.

A register only grows; what it has grown by has flowed. When it is less than before, or has leapt further than the
device can deliver in that time, it is another register: the device was reset or replaced. What was counted stays
counted, and nothing is ever negative.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.recorder.sample import ANEW

STEP_WH = 1_500  # some devices count whole kilowatt-hours
NOISE_WH = 10  # so much less is rounding, where it is under a hundredth of the whole


@dataclass(slots=True)
class Register:
    """Counts. `most_w` is more than the device can deliver; `at` in seconds. `value` None: nothing was said yet."""

    most_w: float
    value: int | None = None
    at: int = 0
    _before: tuple[int, int] | None = None  # value and time of the register that was left for this one
    _since: int = 0  # counted on this register since then

    def moved(self, value: int, at: int) -> int:
        """Watt-hours that flowed up to this sample since the one before."""
        if value == ANEW or self.value is None or self.value == ANEW:
            self._before = None
            self._set(value, at)
            return 0
        grown, passed_s = value - self.value, at - self.at
        if 0 <= grown <= self._most_wh(passed_s) + STEP_WH:
            self._since += grown
            self._set(value, at)
            return grown
        if 0 < -grown <= NOISE_WH and -grown * 100 <= value:
            return 0
        return self._other(value, at, passed_s)

    def _other(self, value: int, at: int, passed_s: int) -> int:
        """Another register; or, after one bad sample, the old one again."""
        assert self.value is not None
        before, since = self._before, self._since
        if before is not None and 0 <= value - before[0] <= self._most_wh(at - before[1]) + STEP_WH:
            self._before = None
            self._set(value, at)
            return max(0, value - before[0] - since)
        flowed = value if 0 <= value <= self._most_wh(passed_s) else 0  # it began at 0 after the sample before
        self._before, self._since = (self.value, self.at), flowed
        self._set(value, at)
        return flowed

    def _set(self, value: int, at: int) -> None:
        self.value, self.at = value, at

    def _most_wh(self, passed_s: int) -> float:
        return self.most_w * max(0, passed_s) / 3600

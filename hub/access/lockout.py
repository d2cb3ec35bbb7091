"""Whoever guesses has to wait: longer after each wrong guess, for the name and for the address it comes from. Pure.

Five wrong guesses are free; then the wait doubles from a second to a quarter of an hour. A name locks only for the
address that guessed: nobody can lock the owner out from elsewhere.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

FREE = 5
FIRST_S = 1.0
LONGEST_S = 900.0
FORGET_S = 3600.0
MOST = 10_000  # remembered; the oldest goes first


def network_of(origin: str) -> str:
    """Where somebody guesses from: of IPv6 the /64, which is one household with more addresses than fit here."""
    try:
        address = ip_address(origin.partition("%")[0])
    except ValueError:
        return origin
    if address.version == 4:
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped or ip_network((address, 64), strict=False))


@dataclass(slots=True)
class Guesses:
    """Wrong ones in a row, and the latest of them in monotonic seconds."""

    number: int = 0
    latest_s: float = 0.0


class Lockout:
    """Counts wrong guesses for each key."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, Guesses] = OrderedDict()

    def wait_s(self, key: str, now_s: float) -> float:
        """How long the next guess has to wait; 0: not at all."""
        guesses = self._wrong.get(key)
        if guesses is None or guesses.number < FREE:
            return 0.0
        rest_s = min(FIRST_S * 2.0 ** min(guesses.number - FREE, 20), LONGEST_S)
        return max(guesses.latest_s + rest_s - now_s, 0.0)

    def wrong(self, key: str, now_s: float) -> None:
        """One more wrong guess."""
        guesses = self._wrong.pop(key, None) or Guesses()
        if now_s - guesses.latest_s > FORGET_S:
            guesses = Guesses()
        self._wrong[key] = Guesses(guesses.number + 1, now_s)
        while len(self._wrong) > MOST:
            self._wrong.popitem(last=False)

    def right(self, key: str) -> None:
        """Forget what was wrong before."""
        self._wrong.pop(key, None)

"""Whether the device is there, from what was heard through the broker. Pure: times are given."""

from __future__ import annotations

from dataclasses import dataclass

from hub.sdk import Link

BROKER_S = 5.0  # a broker that is restarted is back by then
NO_BROKER = "the hub has no connection to its MQTT broker; see the section mqtt of config.yaml, and the hub's log"


@dataclass(slots=True)
class Signs:
    """What tells whether the device is there. Times are monotonic seconds."""

    began_s: float
    heard_s: float | None = None  # its last live word that counts
    has_stored: bool = False  # the broker had something of it, of unknown age
    broker_gone_s: float | None = None  # since when
    gone_s: float | None = None  # since when its availability says that it is gone
    there: bool = False  # its availability says that it is there

    def say_there(self, there: bool, now_s: float) -> None:
        """Its availability topic has spoken."""
        self.there, self.gone_s = there, None if there else now_s

    def see_broker(self, connected: bool, now_s: float) -> None:
        """Whether the broker can hear us now."""
        if connected:
            self.broker_gone_s = None
        elif self.broker_gone_s is None:
            self.broker_gone_s = now_s

    def forget(self, now_s: float) -> None:
        """It is away: only what it says from now on counts."""
        self.began_s, self.heard_s, self.there, self.has_stored = now_s, None, False, False


def verdict(signs: Signs, now_s: float, silent_after_s: float | None) -> tuple[Link | None, str]:
    """Up, down with the reason, or None while it has had no time to speak.

    A live word after it was said to be gone counts more than that: somebody is late.
    """
    if signs.broker_gone_s is not None and now_s - signs.broker_gone_s >= BROKER_S:
        return Link.DOWN, NO_BROKER
    if signs.gone_s is not None and (signs.heard_s is None or signs.heard_s <= signs.gone_s):
        return Link.DOWN, "its availability topic says that it is gone"
    if silent_after_s is None and signs.there:
        return Link.UP, ""
    if signs.heard_s is not None and (silent_after_s is None or now_s - signs.heard_s <= silent_after_s):
        return Link.UP, ""
    if signs.heard_s is None and now_s - signs.began_s < (silent_after_s or BROKER_S):
        return None, ""
    return Link.DOWN, _silence(signs, now_s)


def _silence(signs: Signs, now_s: float) -> str:
    if signs.heard_s is not None:
        return f"it has said nothing for {now_s - signs.heard_s:.0f} s; look at its power and its network"
    if signs.has_stored:
        return "only stored messages of unknown age so far; look whether it is on"
    return "nothing was heard on its topics; check them in its entry, and its broker settings"

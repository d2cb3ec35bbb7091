"""What a peer does that is not quite OCPP is told to the owner once, not with every message."""

from __future__ import annotations

from collections.abc import Callable

from hub.wire.ocpp16 import codec
from hub.wire.ocpp16.frames import Call
from hub.wire.ocpp16.salvage import Oddity

MAX_ACTION = 50
MAX_KINDS = 200  # told in the life of a connection: a hostile peer cannot fill the log or the memory
CHECKED = 20  # messages of each action that are held against the schema: a habit shows in the first few

Tell = Callable[[str, Oddity], None]


class Notice:
    """Tells each kind of oddity once; costs next to nothing for a clean message once the first few are through."""

    __slots__ = ("_checked", "_tell", "_told")

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._told: set[str] = set()
        self._checked: dict[str, int] = {}

    def of_request(self, call: Call, salvaged: list[Oddity]) -> None:
        """Tell what had to be salvaged, and what only a strict reader minds: unknown words, extra fields."""
        if call.repaired:
            self.of(call.action, Oddity("$", "", "not quite JSON"))
        for oddity in salvaged:
            self.of(call.action, oddity)
        checked = self._checked.get(call.action, 0)
        if checked < CHECKED:
            self._checked[call.action] = checked + 1
            self._check(call, {oddity.path for oddity in salvaged})

    def of(self, action: str, oddity: Oddity) -> None:
        """Tell one, unless its kind was told before."""
        kind = f"{action[:MAX_ACTION]} {oddity.kind}"
        if kind not in self._told and len(self._told) < MAX_KINDS:
            self._told.add(kind)
            self._tell(action[:MAX_ACTION], oddity)

    def _check(self, call: Call, known: set[str]) -> None:
        for oddity in codec.violations(call.action, call.payload):
            if oddity.path not in known:
                self.of(call.action, oddity)

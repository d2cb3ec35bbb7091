"""Whether a command from above may be carried out now. Pure.

A command that comes late is worse than none, and a hub whose clock no time server keeps cannot tell how late it is.
Such a hub takes a command only when it expires within the next `UNSURE` by its own clock: then, whichever way the clock
is wrong, the command is never carried out later than that after its true expiry.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from hub.model.errors import EvhubError, Expired, NotAllowed, Refused
from hub.wire.operator.messages import Command

UNSURE = timedelta(seconds=60)


def refusal(
    command: Command, allowed: Collection[str], now: datetime, *, synced: bool | None, stored: bool = False
) -> EvhubError | None:
    """Why it is not carried out; None when it may be."""
    if command.name not in allowed:
        step = "the owner of the site allows orders by name in config.yaml, under operators.<id>.commands"
        return NotAllowed(f"{command.name} is not among the orders that this site lets you give", step)
    if stored:
        return Expired("the broker had stored the command (retain)", "send it without retain")
    expires_at = datetime.fromisoformat(command.expires_at)
    if expires_at <= now:
        return Expired(f"the command expired at {command.expires_at}", "send it anew, with another id")
    if synced is False and expires_at - now > UNSURE:
        said = "no time server keeps this hub's clock, so it cannot tell how old the command is"
        return Refused(said, f"let it expire within {UNSURE.seconds} s, or give the hub a time server")
    return None

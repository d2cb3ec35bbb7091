"""What can go wrong on an OCPP connection, named by who is told: the peer (CALLERROR) or the caller of `call()`."""

from __future__ import annotations

from collections.abc import Mapping

Id = str | int
"""A unique id. The standard wants a text; chargers that send a number get that number back."""


class OcppError(Exception):
    """Raised by a handler: the peer is answered with a CALLERROR of this code (OCPP-J 1.6, section 4.2.3)."""

    def __init__(self, code: str, description: str = "", details: Mapping[str, object] | None = None) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.details = details or {}


class UnknownAction(OcppError):
    """The action is not one of OCPP 1.6."""

    def __init__(self, action: str) -> None:
        super().__init__("NotImplemented", f"{action[:50]} is not an action of OCPP 1.6")


class Undecodable(OcppError):
    """The payload cannot be made into a message of its action."""

    def __init__(self, description: str) -> None:
        super().__init__("FormationViolation", description)


class BadFrame(Exception):
    """What came is no OCPP frame. `message_type` and `unique_id` are the best that could be read, or None."""

    def __init__(self, why: str, message_type: int | None = None, unique_id: Id | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.message_type = message_type
        self.unique_id = unique_id


class NoAnswer(Exception):
    """A call that nobody answered; whether the peer acted on it is unknown, unless the subclass says so."""


class CallTimeout(NoAnswer):
    """The peer did not answer in time. A later answer is dropped."""


class Congested(CallTimeout):
    """Too many calls wait already: this one was never sent."""


class ConnectionLost(NoAnswer):
    """The connection ended before the answer came."""


class CallFailed(Exception):
    """The peer answered with a CALLERROR, or with something that is no answer to this call (FormationViolation)."""

    def __init__(self, code: str, description: str = "", details: dict[str, object] | None = None) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.details = details or {}

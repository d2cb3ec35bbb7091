"""Errors, named by what the caller can do about them. Each says what, and `next` says the next step."""

from __future__ import annotations


class EvhubError(Exception):
    """Base of the errors that cross a room's border. `code` is stable; `next` is the next step for a person."""

    code = "error"

    def __init__(self, message: str, next: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next = next


class Unreachable(EvhubError):
    """The device or peer does not answer now: try again later."""

    code = "unreachable"


class Refused(EvhubError):
    """The device or a rule said no: tell the person."""

    code = "refused"


class Unsupported(EvhubError):
    """This device cannot do that: hide the button."""

    code = "unsupported"


class NotFound(EvhubError):
    """Nothing has that name."""

    code = "not_found"


class Invalid(EvhubError):
    """The arguments are not what the order takes: say which and why."""

    code = "invalid"


class Expired(EvhubError):
    """The order came too late, or was stored by a broker: send it anew."""

    code = "expired"


class NotAllowed(EvhubError):
    """The caller has no right to do this."""

    code = "not_allowed"


class Unauthorised(EvhubError):
    """Nobody knows who asks: log in first."""

    code = "unauthorised"


class TooMany(EvhubError):
    """Too often, or too many at once: wait."""

    code = "too_many"


class BadConfig(EvhubError):
    """The configuration cannot be used: stop and point at the line."""

    code = "bad_config"


class NotKept(EvhubError):
    """The database cannot take it now and nothing of it was saved: try again."""

    code = "not_kept"


class NotKnown(EvhubError):
    """Whether it was done is not known: look first, then decide."""

    code = "not_known"


class PortInUse(EvhubError):
    """Another program listens there: end it, or choose another port."""

    code = "port_in_use"

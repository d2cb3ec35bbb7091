"""What a charger puts into its handshake: its identity in the address, and the subprotocols it offers. Pure."""

from __future__ import annotations

from urllib.parse import unquote

from hub.sdk import StationId

LONGEST_IDENTITY = 100
FOLDER = "ocpp"


def identity_of(raw_path: str) -> StationId | None:
    """The identity at the end of the address that was dialled, or None where there is no usable one.

    Taken: further slashes before and behind it, a whole URL, %-codes, and an address without `/ocpp`.
    """
    parts = [part for part in raw_path.split("/") if part]
    if not parts or (len(parts) == 1 and parts[0].casefold() == FOLDER):
        return None
    identity = unquote(parts[-1]).strip(" \t/")
    if "://" in identity:
        identity = identity.rsplit("/", 1)[-1]
    usable = 0 < len(identity) <= LONGEST_IDENTITY and identity.isprintable()
    return StationId(identity) if usable else None


def subprotocol(offered: str | None) -> str | None:
    """The one to take of `Sec-WebSocket-Protocol`: 1.6 before anything else, else the first that we may try 1.6 on.

    None where nothing is offered, which is fine, and where only OCPP 2 is, which `only_newer` tells.
    """
    names = _names(offered)
    ranked = sorted((name for name in names if not _is_newer(name)), key=_rank)
    return ranked[0] if ranked else None


def only_newer(offered: str | None) -> bool:
    """True for a charger that speaks OCPP 2 only: this hub does not."""
    names = _names(offered)
    return bool(names) and all(_is_newer(name) for name in names)


def _names(offered: str | None) -> list[str]:
    return [name.strip() for name in (offered or "").split(",") if name.strip()]


def _is_newer(name: str) -> bool:
    return name.casefold().startswith("ocpp2")


def _rank(name: str) -> int:
    known = name.casefold()
    return 0 if known == "ocpp1.6" else 1 if known.startswith("ocpp1.6") else 2

"""Times as OCPP 1.6 writes them (ISO 8601, RFC 3339 for the strict), and as chargers write them."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_time(text: str | None) -> datetime | None:
    """The moment that a charger wrote, aware and in UTC, or None when it is missing or no time.

    Taken: any fraction of a second or none, `Z`, `+02:00` or no zone at all (then UTC, which the standard
    recommends), a space instead of the `T`. Whether 1970 or 2099 is plausible is the reader's question.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip().upper())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def format_time(moment: datetime) -> str:
    """`2026-03-29T01:00:00Z`: whole seconds and a `Z`, the form that every charger reads. Takes aware times only."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no zone: OCPP times are UTC")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

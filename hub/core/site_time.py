"""Times as people say them at the site: a day, a moment by its clock, or `yesterday`. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from hub.model.errors import Invalid

NEXT = "write it as 2026-03-03, 2026-03-03 18:10, 2026-03-03T17:10:00Z, today, yesterday or now"


def second_of(text: str, zone: tzinfo, now: datetime) -> int:
    """The second that is meant; without an offset by the site's clock. Raises Invalid."""
    words: dict[str, Callable[[], datetime]] = {
        "now": lambda: now,
        "today": lambda: midnight(now.astimezone(zone).date(), zone),
        "yesterday": lambda: midnight(now.astimezone(zone).date() - timedelta(days=1), zone),
    }
    if (word := text.strip().lower()) in words:
        return int(words[word]().timestamp())
    try:
        meant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(f"'{text}' is no time", NEXT) from None
    if not 1970 < meant.year < 9999:
        raise Invalid(f"'{text}' is no time of this site", NEXT)
    return int((meant if meant.tzinfo is not None else meant.replace(tzinfo=zone)).timestamp())


def midnight(day: date, zone: tzinfo) -> datetime:
    """When a day begins at the site."""
    return datetime.combine(day, time(), zone).astimezone(UTC)

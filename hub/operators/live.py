"""The site in short, as the operator's fleet page shows it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.core.alarms import alarms
from hub.core.entry import Position
from hub.core.shown import charger_state, iso, site_state
from hub.core.state import Picture
from hub.model.ids import ChargerId
from hub.wire.operator.messages import Alarm, ChargerStatus, SiteStatus, Status


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes one status newer than another. Never the wall clock."""

    hub: str
    position: Position
    rev: int
    boot_id: str
    at: datetime


def status_of(picture: Picture, stamp: Stamp, *, short_of_space: bool = False) -> Status:
    """The whole site now."""
    return Status(
        hub=stamp.hub,
        epoch=stamp.position.epoch,
        seq=stamp.position.seq,
        rev=stamp.rev,
        boot_id=stamp.boot_id,
        at=iso(stamp.at),
        site=SiteStatus.model_validate(site_state(picture, stamp.at)),
        chargers={charger: _charger(picture, charger, stamp.at) for charger in picture.site.chargers},
        alarms=tuple(_alarms(picture, short_of_space)),
    )


def says_the_same(one: Status | None, other: Status) -> bool:
    """True when a reader of both learns nothing from the second."""
    return one is not None and _content(one) == _content(other)


def _content(status: Status) -> tuple[object, ...]:
    site = status.site
    return site.name, site.power_w, site.current_a, site.chargers, status.chargers, status.alarms


def _charger(picture: Picture, charger: ChargerId, now: datetime) -> ChargerStatus:
    live, state = picture.chargers.get(charger), charger_state(picture, charger, now)
    session: Any = state["session"]
    return ChargerStatus.model_validate(
        {
            "status": state["status"],
            "online": live.online if live else None,
            "power_w": state["power_w"],
            "session_id": str(session["id"]) if isinstance(session, Mapping) else None,
            "limit_a": state["limit_a"],
            "fault": state["fault"],
        }
    )


def _alarms(picture: Picture, short_of_space: bool) -> Iterator[Alarm]:
    for alarm in alarms(picture):
        yield Alarm(code=alarm.code, text=alarm.text, since=None if alarm.since is None else iso(alarm.since))
    if short_of_space:
        yield Alarm(code="storage_full", text="the disk is nearly full: measurements are not kept any more")

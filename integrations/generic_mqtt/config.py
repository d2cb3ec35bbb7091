"""What the entry of an MQTT charger or meter takes: for each value its topic, its place in the message, its scale."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from hub.sdk import IntegrationConfig, Status
from integrations.generic_mqtt.path import steps

PLACEHOLDER = "{limit_a}"
NO_TOPIC = "names no topic. Give it one, or set 'topic' for all values that name none"


def _one_topic(text: str) -> str:
    if set(text) & set("+#\0"):
        raise ValueError("is no single topic: it has + or # in it. Write the whole topic of the device")
    return text


def _a_path(text: str) -> str:
    steps(text)
    return text


def _with_limit(text: str) -> str:
    strange = [word for word in re.findall(r"\{\w+\}", text) if word != PLACEHOLDER]
    if strange or PLACEHOLDER not in text:
        said = f"has {strange[0]} in it" if strange else "does not say how much"
        raise ValueError(f"{said}. Write {PLACEHOLDER} where the number belongs, and no other placeholder")
    return text


def _not_zero(scale: float) -> float:
    if scale == 0:
        raise ValueError("makes every value 0. Write 1000 for kW, 0.001 for mA, -1 to turn the sign")
    return scale


Topic = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_one_topic)]
Path = Annotated[str, StringConstraints(max_length=200), AfterValidator(_a_path)]
Payload = Annotated[str, StringConstraints(max_length=1000)]
Scale = Annotated[float, Field(allow_inf_nan=False), AfterValidator(_not_zero)]


class Group(BaseModel):
    """A group of keys, as strict as the entry itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(Group):
    """Where something is said: a topic, and a place in its messages."""

    topic: Topic | None = Field(default=None, description="its topic, where it is not the entry's `topic`")
    path: Path = Field(default="", description="where it stands in a JSON message; left out: the whole message")


class Value(Place):
    """A number, or a list of up to three: one for each line."""

    scale: Scale = Field(default=1.0, description="multiplies what is said: 1000 for kW and kWh, 0.001 for mA")


class Availability(Place):
    """Where it is said whether the device is there: its last will."""

    online: str = Field(default="online", description="the word for there; upper and lower case are the same")
    offline: str = Field(default="offline", description="the word for gone")


class StatusPlace(Place):
    """Where a charger says what it does."""

    words: dict[str, Status] = Field(min_length=1, description="the device's words, and what each means")


class Paused(Place):
    """Where a charger with a switch of its own for pausing says that it is paused."""

    word: str = Field(description="the word for paused")


class Say(Group):
    """A message to the device."""

    topic: Topic
    payload: Payload


class Limit(Group):
    """How a charger is told its limit, and where it says what it holds."""

    topic: Topic = Field(description="where it is told")
    payload: Annotated[Payload, AfterValidator(_with_limit)] = Field(
        default=PLACEHOLDER, description="the message; `{limit_a}` stands for the number"
    )
    scale: Scale = Field(default=1.0, description="multiplies the amps: 1000 where it wants mA")
    step_a: float = Field(default=1.0, gt=0, le=16, description="it takes multiples of this; limits are rounded down")
    pause: Say | None = Field(default=None, description="message that pauses it, where a limit of 0 does not")
    resume: Say | None = Field(default=None, description="message after the limit that ends the pause")
    held: Value | None = Field(default=None, description="where it says which limit it holds")
    paused: Paused | None = Field(default=None, description="where it says that `pause` worked")
    trust: bool = Field(default=False, description="without `held`: take what was told as held; read the page first")

    @model_validator(mode="after")
    def _fits_together(self) -> Limit:
        if self.trust and self.held is not None:
            raise ValueError("'trust' is for devices that do not say what they hold. Leave it out, 'held' is better")
        if (self.pause is None) != (self.resume is None):
            raise ValueError("'pause' and 'resume' belong together. Give both, or none where a limit of 0 pauses it")
        if self.paused is not None and self.pause is None:
            raise ValueError("'paused' without 'pause'. Say how it is paused, or leave it out")
        return self


class DeviceConfig(IntegrationConfig):
    """What both kinds take."""

    topic: Topic | None = Field(default=None, description="topic of every value that names none")
    availability: Availability | None = Field(default=None, description="where it is said whether the device is there")

    @model_validator(mode="after")
    def _topics_are_known(self) -> DeviceConfig:
        without = [name for name, place in self.places() if place.topic is None]
        if without and self.topic is None:
            raise ValueError(f"'{without[0]}' {NO_TOPIC}")
        return self

    def places(self) -> Iterator[tuple[str, Place]]:
        """Everything that is listened to, with the name of its key."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            for place in value if isinstance(value, tuple) else (value,):
                if isinstance(place, Place):
                    yield name, place

    def topic_of(self, place: Place) -> str:
        """Its own topic, else the entry's."""
        return place.topic or self.topic or ""


class MeterConfig(DeviceConfig):
    """A meter. Import is positive; turn a sign with a negative scale."""

    silent_after_s: float = Field(
        default=30.0, ge=2, le=3600, description="a meter that was not heard for so long is lost"
    )
    current_a: tuple[Value, ...] = Field(
        default=(), max_length=3, description="current of the lines, A: one list, or a value for each line"
    )
    unsigned_current: bool = Field(
        default=False, description="its currents have no direction: they get that of the power on their line"
    )
    power_w: tuple[Value, ...] = Field(default=(), max_length=3, description="power of the lines, W")
    voltage_v: tuple[Value, ...] = Field(default=(), max_length=3, description="voltage of the lines, V")
    total_w: Value | None = Field(default=None, description="power of all lines together, W")
    import_wh: Value | None = Field(default=None, description="energy taken, Wh")
    export_wh: Value | None = Field(default=None, description="energy given back, Wh")

    @model_validator(mode="after")
    def _measures_something(self) -> MeterConfig:
        if not (self.current_a or self.power_w or self.total_w):
            raise ValueError("it measures nothing. Give at least 'current_a', which load balancing needs, or 'power_w'")
        if self.unsigned_current and not self.power_w:
            raise ValueError("'unsigned_current' needs 'power_w', whose sign is taken. Add it, or leave it out")
        return self


class ChargerConfig(DeviceConfig):
    """A charger of one outlet."""

    silent_after_s: float | None = Field(
        default=60.0,
        ge=2,
        le=3600,
        description="a charger that was not heard for so long is lost; null where `availability` tells it alone",
    )
    status: StatusPlace | None = Field(default=None, description="what it does, in its own words")
    current_a: tuple[Value, ...] = Field(
        default=(), max_length=3, description="current of its terminals, A: one list, or a value for each"
    )
    voltage_v: tuple[Value, ...] = Field(default=(), max_length=3, description="voltage of its terminals, V")
    power_w: Value | None = Field(default=None, description="power of all of them together, W")
    energy_wh: Value | None = Field(default=None, description="energy register of its life, Wh")
    session_wh: Value | None = Field(default=None, description="energy since the car was plugged in, Wh")
    offered_a: Value | None = Field(default=None, description="what the control pilot says now, A")
    temperature_c: Value | None = Field(default=None, description="its temperature, °C")
    limit: Limit | None = Field(default=None, description="how it is told its limit")
    start: Say | None = Field(default=None, description="message that begins a charge")
    stop: Say | None = Field(default=None, description="message that ends it")

    @model_validator(mode="after")
    def _is_one(self) -> ChargerConfig:
        if next(self.places(), None) is None:
            raise ValueError("it says nothing. Give at least 'status', or 'current_a'")
        if self.silent_after_s is None and self.availability is None:
            raise ValueError("'silent_after_s' null needs 'availability'. Add it, or give a number of seconds")
        if (self.start is None) != (self.stop is None):
            raise ValueError("'start' and 'stop' belong together. Give both, or none")
        for name, place in self.places():
            if self.topic_of(place) in self._told_on():
                what = f"'{name}' is on {self.topic_of(place)}, where the device is told something"
                raise ValueError(f"{what}: the hub would hear itself. Name the topic on which the device speaks")
        return self

    def _told_on(self) -> set[str]:
        limit = self.limit
        said = [self.start, self.stop, limit, limit and limit.pause, limit and limit.resume]
        return {one.topic for one in said if one is not None}

    def places(self) -> Iterator[tuple[str, Place]]:
        """Everything that is listened to, the read back of the limit included."""
        yield from super().places()
        if self.limit is not None:
            for name, place in (("limit.held", self.limit.held), ("limit.paused", self.limit.paused)):
                if place is not None:
                    yield name, place

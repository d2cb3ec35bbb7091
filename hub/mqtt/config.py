"""The `mqtt:` section of config.yaml: which broker, or how the hub's own one listens."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from hub.core.mqtt_link.server import Server
from hub.model.person import Role
from hub.mqtt.homeassistant import Form

LEVELS = r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$"
"""The first levels of a topic."""
DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}


class HomeAssistantConfig(BaseModel):
    """How Home Assistant is told of the hub's devices: docs/reference/homeassistant.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(default=True, description="false: tell it nothing, and take away what it was told before")
    prefix: str = Field(
        default="homeassistant",
        pattern=LEVELS,
        max_length=64,
        description="where it listens, as in the settings of its MQTT integration",
    )
    form: Form = Field(
        default=Form.DEVICE,
        description="device: a document a device; single: one for each entity, which older ones know too",
    )


class MqttConfig(BaseModel):
    """MQTT. Without `broker` the hub starts a broker of its own, which listens on `bind`:`port`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    enabled: bool = Field(default=True, description="false: no MQTT at all, and no broker is started")
    broker: SecretStr | None = Field(
        default=None,
        description="your broker, mqtt://user:password@host:port or mqtts://…; leave out to use the hub's own",
    )
    username: str | None = Field(
        default=None, description="user at your broker, where it does not stand in its address"
    )
    password: SecretStr | None = Field(default=None, description="password at your broker")
    ca: Path | None = Field(default=None, description="PEM file of the authority that signed your broker's certificate")
    port: int = Field(default=1883, ge=1, le=65535, description="TCP port of the hub's own broker")
    bind: str = Field(default="127.0.0.1", description="address of the hub's own broker; 0.0.0.0 for the whole network")
    anonymous: bool = Field(default=False, description="the hub's own broker asks for no password; only on loopback")
    roles: list[Role] = Field(
        default=[Role.OPERATOR], description="what the clients of the broker may order: as if each were one of these"
    )
    prefix: str = Field(
        default="evhub",
        pattern=LEVELS,
        max_length=64,
        description="first part of every topic; each hub on one broker needs its own",
        examples=["garage"],
    )
    homeassistant: HomeAssistantConfig = Field(
        default_factory=HomeAssistantConfig, description="how Home Assistant is told of the hub's devices"
    )

    @field_validator("broker")
    @classmethod
    def _is_an_address(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None:
            _address(given.get_secret_value())
        return given

    @field_validator("ca")
    @classmethod
    def _is_a_file(cls, given: Path | None) -> Path | None:
        if given is not None and not given.is_file():
            raise ValueError("no such file. Give the path of a PEM file, or leave it out for a public authority")
        return given

    @field_validator("bind")
    @classmethod
    def _is_an_ip(cls, given: str) -> str:
        try:
            ipaddress.ip_address(given)
        except ValueError:
            raise ValueError("not an IP address. Write 127.0.0.1, or 0.0.0.0 for the whole network") from None
        return given

    @model_validator(mode="after")
    def _fits_together(self) -> MqttConfig:
        if self.broker is None:
            self._check_own()
        elif self.username is not None and _address(self.broker.get_secret_value()).username is not None:
            raise ValueError("mqtt.broker names a user, and so does mqtt.username. Leave one of them out")
        if self.password is not None and self.username is None:
            raise ValueError("mqtt.password without mqtt.username. Add the user, or leave the password out")
        return self

    def _check_own(self) -> None:
        if self.username is not None or self.ca is not None:
            raise ValueError(
                "mqtt.username, mqtt.password and mqtt.ca belong to mqtt.broker. Set that too, or leave them out"
            )
        if self.anonymous and not ipaddress.ip_address(self.bind).is_loopback:
            raise ValueError(
                f"mqtt.anonymous with mqtt.bind {self.bind} would let everybody on the network command the chargers. "
                "Set bind to 127.0.0.1, or anonymous to false"
            )

    @property
    def remote(self) -> Server | None:
        """The user's own broker, or None when the hub is to run one."""
        if self.broker is None:
            return None
        url = _address(self.broker.get_secret_value())
        username, password = self.username, self.password.get_secret_value() if self.password else None
        if url.username is not None:
            username, password = unquote(url.username), unquote(url.password or "")
        port = url.port or DEFAULT_PORTS[url.scheme]
        return Server(url.hostname or "", port, username, password, tls=url.scheme == "mqtts", ca=self.ca)


def _address(text: str) -> SplitResult:
    """The parts of a broker's address; ValueError, without the text, which may hold a password."""
    wrong = (
        "not a broker's address. Write mqtt://user:password@host:1883 (or mqtts://), with %40 for an @ in the password"
    )
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        raise ValueError(wrong) from None
    if url.scheme not in DEFAULT_PORTS or not url.hostname or url.path.strip("/") or url.query or url.fragment:
        raise ValueError(wrong)
    return url

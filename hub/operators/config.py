"""The `operators:` section of config.yaml: whom the hub keeps up to date, how it gets there, and what they may do."""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from hub.core.mqtt_link.server import Server
from hub.model.facts import Event, Keeping

DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
PLAIN = frozenset({"mqtt", "http"})
OF_MQTT = (
    "not a broker's address. Write one like mqtts://ingest.operator.example:8883; user and password are keys below"
)
OF_HTTPS = "not a web address. Write one like https://ingest.operator.example; the token is a key below"


class Tokens(StrEnum):
    """What an operator sees of a token (the number of a charging card)."""

    HIDDEN = "hidden"
    HASHED = "hashed"
    PLAIN = "plain"


def kept_facts() -> tuple[str, ...]:
    """The names of all facts that can go up."""
    return tuple(sorted({fact.name for fact in Event.__subclasses__() if fact.keeping is not None}))


def _a_fact(name: str) -> str:
    if name not in kept_facts():
        raise ValueError(f"is no fact that is kept. They are: {', '.join(kept_facts())}")
    return name


def _a_broker(text: str) -> str:
    _address(text, ("mqtts", "mqtt"), OF_MQTT)
    return text


def _a_web_address(text: str) -> str:
    _address(text, ("https", "http"), OF_HTTPS)
    return text.rstrip("/")


def _a_file(given: Path) -> Path:
    if not given.is_file():
        raise ValueError("no such file. Give the path of a PEM file")
    return given


FactName = Annotated[str, AfterValidator(_a_fact)]
OrderName = Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z_]+$")]
PemFile = Annotated[Path, AfterValidator(_a_file)]


class OperatorConfig(BaseModel):
    """One operator."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(_a_broker)] | None = Field(
        default=None,
        description="its broker, mqtts://host:port",
        examples=["mqtts://ingest.operator.example:8883"],
    )
    fallback_url: Annotated[str, AfterValidator(_a_web_address)] | None = Field(
        default=None,
        description="its HTTPS address, for networks that let no MQTT out",
        examples=["https://ingest.operator.example"],
    )
    fallback_after_s: int = Field(
        default=300, ge=1, le=86_400, description="so long without MQTT, and the fallback is taken, seconds"
    )
    allow_plain: bool = Field(
        default=False, description="true: also without TLS (mqtt://, http://) to another machine; anybody can read it"
    )
    hub_id: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9-]{2,39}$",
        description="the hub's name at this operator, 3 to 40 of a-z, 0-9 and -; without it a random one, made once",
        examples=["riverside-12"],
    )
    username: str | None = Field(default=None, description="user at its broker")
    password: SecretStr | None = Field(default=None, description="password at its broker")
    certificate: PemFile | None = Field(default=None, description="PEM file of the hub's own certificate (mutual TLS)")
    key: PemFile | None = Field(default=None, description="PEM file of that certificate's key")
    ca: PemFile | None = Field(default=None, description="PEM file of the authority that signed the operator's own")
    token: SecretStr | None = Field(default=None, description="bearer token at the HTTPS address")
    begin: Literal["now", "beginning"] = Field(
        default="now", description="a new operator gets what happens from now on, or the whole journal"
    )
    facts: tuple[FactName, ...] = Field(
        default=(), description="only these facts go up; none named: all", examples=[["session_started"]]
    )
    classes: tuple[Keeping, ...] = Field(
        default=(), description="only facts of these classes go up; none named: all", examples=[["kept", "status"]]
    )
    tokens: Tokens = Field(
        default=Tokens.HASHED,
        description="numbers of charging cards: left out, as a pseudonym of this hub, or as they are",
    )
    status_interval_s: float = Field(
        default=1.0, ge=0.2, le=3600, description="the live status goes up at most once in so many seconds"
    )
    most_per_s: int = Field(
        default=5000, ge=1, le=100_000, description="a backlog goes up no faster than so many facts in a second"
    )
    commands: tuple[OrderName, ...] = Field(
        default=(),
        description="orders that the operator may give; none named: none",
        examples=[["charger.stop", "charger.set_limit"]],
    )

    @model_validator(mode="after")
    def _fits_together(self) -> OperatorConfig:
        if self.url is None and self.fallback_url is None:
            raise ValueError("neither url nor fallback_url says where the operator is. Add one of them, or both")
        for name, url in (("url", self.url), ("fallback_url", self.fallback_url)):
            if url is not None and not self.allow_plain and _is_open(urlsplit(url)):
                raise ValueError(f"{name} is without TLS. Write {_with_tls(url)}, or set allow_plain to true")
        if (self.certificate is None) is not (self.key is None):
            raise ValueError("certificate and key belong together. Give both files, or none")
        if self.password is not None and self.username is None:
            raise ValueError("a password without a username. Add the user, or leave the password out")
        return self

    @property
    def server(self) -> Server | None:
        """Its broker; None where it is reached over HTTPS only."""
        if self.url is None:
            return None
        url = urlsplit(self.url)
        return Server(
            url.hostname or "",
            url.port or DEFAULT_PORTS[url.scheme],
            self.username,
            self.password.get_secret_value() if self.password else None,
            tls=url.scheme == "mqtts",
            ca=self.ca,
            certificate=self.certificate,
            key=self.key,
        )

    @property
    def takes_classes(self) -> frozenset[Keeping]:
        """The classes that go up."""
        return frozenset(self.classes or Keeping)


def _address(text: str, schemes: tuple[str, str], wrong: str) -> SplitResult:
    """The parts of an address; ValueError, without the text, which may hold a password."""
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        raise ValueError(wrong) from None
    path = url.path.strip("/") if schemes[0] == "mqtts" else ""
    if url.scheme not in schemes or not url.hostname or path or url.query or url.fragment or "@" in url.netloc:
        raise ValueError(wrong)
    return url


def _is_open(url: SplitResult) -> bool:
    """Without TLS, to another machine."""
    if url.scheme not in PLAIN:
        return False
    try:
        return not ipaddress.ip_address(url.hostname or "").is_loopback
    except ValueError:
        return url.hostname != "localhost"


def _with_tls(url: str) -> str:
    return re.sub(r"^(\w+)://", r"\1s://", url)

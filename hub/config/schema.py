"""The keys of config.yaml, put together from the rooms' own settings and the sections of server integrations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, TypeAdapter, create_model

from hub.access.config import AccessConfig
from hub.balance.config import BalanceConfig, CircuitConfig, GridConfig
from hub.config.zone import is_zone, system_zone
from hub.core.database import StoreConfig
from hub.devices.config import ChargerConfig, MeterConfig
from hub.devices.manifests import server_config_class
from hub.discovery.config import DiscoveryConfig
from hub.mqtt.config import MqttConfig
from hub.operators.config import OperatorConfig
from hub.recorder.config import RecorderConfig
from hub.sdk.config import IntegrationConfig
from hub.sdk.manifest import Manifest
from hub.web.config import WebConfig

ID_PATTERN = r"^[a-z0-9][a-z0-9_-]*$"
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN, max_length=40)]
"""An id is also a part of MQTT topics and addresses: lower-case letters, digits, - and _."""


def _a_zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError("is no time zone; write one like Europe/Brussels, or UTC")
    return name


def _a_web_address(text: str) -> str:
    wrong = "is no web address; write one like https://garage.example"
    try:
        url = TypeAdapter(HttpUrl).validate_python(text)
    except ValueError:
        raise ValueError(wrong) from None
    if url.username or url.query or url.fragment:
        raise ValueError(wrong)
    return text.rstrip("/")


class SiteConfig(BaseModel):
    """The section `site`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="Charging site", min_length=1, max_length=100, description="what people call the site")
    time_zone: Annotated[str, AfterValidator(_a_zone)] = Field(
        default_factory=system_zone,
        description="IANA time zone; without it the machine's own, else UTC",
        examples=["Europe/Brussels"],
    )
    country: str | None = Field(
        default=None, pattern=r"^[A-Z]{2}$", description="ISO 3166 code, two capital letters", examples=["BE"]
    )


class Config(BaseModel):
    """The whole file. `config_model()` adds one section for each server integration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    site: SiteConfig = SiteConfig()
    public_url: Annotated[str, AfterValidator(_a_web_address)] | None = Field(
        default=None,
        description="where drivers reach the hub from outside; printed on signs",
        examples=["https://garage.example"],
    )
    grid: GridConfig = Field(description="the grid connection: the root of the electrical drawing")
    circuits: dict[Id, CircuitConfig] = Field(
        default_factory=dict, description="the circuits under the grid connection"
    )
    chargers: dict[Id, ChargerConfig] = Field(default_factory=dict, description="one entry for each outlet")
    meters: dict[Id, MeterConfig] = Field(default_factory=dict, description="one entry for each meter")
    balance: BalanceConfig = BalanceConfig()
    store: StoreConfig = StoreConfig()
    mqtt: MqttConfig = MqttConfig()
    web: WebConfig = WebConfig()
    access: AccessConfig = AccessConfig()
    discovery: DiscoveryConfig = DiscoveryConfig()
    recorder: RecorderConfig = RecorderConfig()
    operators: dict[Id, OperatorConfig] = Field(default_factory=dict, description="one entry for each cloud operator")

    def section(self, integration: str) -> IntegrationConfig:
        """The section of a server integration; an empty one where it has none."""
        found = getattr(self, integration, None)
        return found if isinstance(found, IntegrationConfig) else IntegrationConfig()


def config_model(manifests: Mapping[str, Manifest]) -> type[Config]:
    """The model of the whole file for these integrations. Imports the settings of the servers among them."""
    sections: dict[str, Any] = {}
    for name, manifest in manifests.items():
        section = server_config_class(manifest) if manifest.serves else None
        if section is not None:
            sections[name] = (section, Field(default_factory=section, description=f"{manifest.title}: the server"))
    return cast(type[Config], create_model("Config", __base__=Config, **sections))

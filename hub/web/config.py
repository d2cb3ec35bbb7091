"""Settings of the web server: where the pages, the API and the health check listen."""

from __future__ import annotations

import ssl
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from hub.model.errors import BadConfig
from hub.web.doors import Network


def _an_address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError("is no IP address of this machine; 0.0.0.0 means all, 127.0.0.1 only this machine") from None


def _a_network(text: str) -> str:
    try:
        ip_network(text, strict=False)
    except ValueError:
        raise ValueError("is no address or network; write 192.168.1.2 or 192.168.1.0/24") from None
    return text


def _a_file(given: Path | None) -> Path | None:
    if given is not None and not given.is_file():
        raise ValueError("no such file; give the path of a PEM file")
    return given


class WebConfig(BaseModel):
    """The section `web`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int = Field(default=8080, ge=0, le=65535, description="TCP port of pages and API; 0 takes a free one")
    bind: Annotated[str, AfterValidator(_an_address)] = Field(
        default="0.0.0.0",
        description="address to listen on; 127.0.0.1 for this machine only",
    )
    certificate: Annotated[Path | None, AfterValidator(_a_file)] = Field(
        default=None, description="PEM file of the hub's own certificate, with its chain: the pages speak TLS then"
    )
    private_key: Annotated[Path | None, AfterValidator(_a_file)] = Field(
        default=None, description="PEM file of its key"
    )
    trusted_proxies: list[Annotated[str, AfterValidator(_a_network)]] = Field(
        default=[],
        description="addresses whose X-Forwarded-For and X-Forwarded-Proto are believed",
        examples=[["127.0.0.1", "192.168.1.0/24"]],
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> WebConfig:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("web.certificate and web.private_key belong together: give both, or none")
        return self

    @property
    def proxies(self) -> list[Network]:
        """The networks of the trusted proxies."""
        return [ip_network(text, strict=False) for text in self.trusted_proxies]

    def tls(self) -> ssl.SSLContext | None:
        """How the listener speaks TLS; None: it does not. Raises BadConfig where the files are no such pair."""
        if self.certificate is None or self.private_key is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.certificate, self.private_key)
        except (ssl.SSLError, OSError) as wrong:
            raise BadConfig(
                f"web.certificate and web.private_key cannot be used: {wrong}",
                "give PEM files of one certificate and its key, without a passphrase, that this user may read",
            ) from wrong
        return context

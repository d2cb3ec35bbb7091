"""Wrong use of the command line is told before anything is connected."""

import pytest
from click.testing import CliRunner

from cloud.aggregator.__main__ import main


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "give --nats or --mqtt"),
        (["--nats", "nats://a", "--mqtt", "mqtt://b"], "give --nats or --mqtt"),
        (["--nats", "nats://a", "--http", "8080x"], "is no address and port"),
        (["--nats", "nats://a", "--ca", "missing.pem"], "does not exist"),
    ],
)
def test_wrong_options_are_told(options: list[str], says: str) -> None:
    ran = CliRunner().invoke(main, ["--database", "postgresql://x", *options])
    assert ran.exit_code == 2
    assert says in ran.output

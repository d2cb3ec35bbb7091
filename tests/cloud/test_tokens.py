"""Tokens by command line: shown once, kept as hashes, revoked together."""

import asyncio
import hashlib

import psycopg
from click.testing import CliRunner

from cloud.aggregator.database import Database
from cloud.aggregator.fleet import Fleet
from cloud.tokens import main
from tests.cloud.wire import HUB


def test_a_token_is_made_and_revoked(dsn: str) -> None:
    token = run("add", HUB, "--database", dsn)
    assert asyncio.run(hub_of(dsn, token)) == HUB
    with psycopg.connect(dsn) as connection:
        kept = connection.execute("SELECT digest FROM hub_token").fetchall()
    assert kept == [(hashlib.sha256(token.encode()).digest(),)]
    run("add", HUB, "--database", dsn)
    assert run("revoke", HUB, "--database", dsn) == "2 revoked"
    assert asyncio.run(hub_of(dsn, token)) is None


def test_a_hub_has_a_name_that_fits_a_topic(dsn: str) -> None:
    ran = CliRunner().invoke(main, ["add", "Garage/1", "--database", dsn])
    assert ran.exit_code == 2
    assert "is no hub id" in ran.output


def run(*words: str) -> str:
    ran = CliRunner().invoke(main, words)
    assert ran.exit_code == 0, ran.output
    return ran.output.strip()


async def hub_of(dsn: str, token: str) -> str | None:
    database = Database(dsn)
    try:
        return await Fleet(database).hub_of(token)
    finally:
        await database.close()

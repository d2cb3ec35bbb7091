"""Measurements: raw samples and their statistics."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "recorded",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("device", sa.String(150), nullable=False),
    )
    op.create_table(
        "recorder_marks",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("at", BIG_KEY, nullable=False),
    )
    op.create_table(
        "recorder_texts",
        sa.Column("id", BIG_KEY, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "samples",
        sa.Column("at", BIG_KEY, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Integer) for name in ("power_w", "l1_ca", "l2_ca", "l3_ca")),
        sa.Column("energy_wh", sa.BigInteger),
        sa.Column("export_wh", sa.BigInteger),
        sa.Column("offered_da", sa.Integer),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "changes",
        sa.Column("subject", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", BIG_KEY, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Integer) for name in ("state", "limit_da", "held_da", "limiter", "circuit", "phase")),
        sa.Column("text", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    for table in ("five_minutes", "hours"):
        _statistics(table)


def _statistics(table: str) -> None:
    quantities = (("power", "w"), ("l1", "ca"), ("l2", "ca"), ("l3", "ca"))
    ranges = [f"{what}_{part}_{unit}" for what, unit in quantities for part in ("min", "mean", "max")]
    registers = ("energy_wh", "export_wh", "register_wh", "export_register_wh")
    op.create_table(
        table,
        sa.Column("subject", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", BIG_KEY, primary_key=True, autoincrement=False),
        sa.Column("known_s", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Integer) for name in ranges),
        *(sa.Column(name, sa.BigInteger) for name in registers),
        sa.Column("states", sa.String(200)),
        sa.Column("limiters", sa.String(200)),
        sqlite_with_rowid=False,
    )

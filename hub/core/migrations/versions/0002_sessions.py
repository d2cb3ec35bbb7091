"""Charging sessions and their transactions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("charger", sa.String(100), nullable=False),
        sa.Column("station", sa.String(100), nullable=False),
        sa.Column("token", sa.Text),
        sa.Column("plugged_at", sa.BigInteger),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("start_wh", sa.Float),
        sa.Column("transaction", sa.BigInteger),
        sa.Column("stopped_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("energy_wh", sa.Float),
        sa.Column("reason", sa.Text),
        sa.Column("flags", sa.String(200), nullable=False),
        sa.Column("counted", sa.Text, nullable=False),
    )
    op.create_index("sessions_by_charger", "sessions", ["charger", "started_at"])
    op.create_index("sessions_by_start", "sessions", ["started_at"])
    op.create_index("sessions_by_end", "sessions", ["ended_at"])
    op.create_table(
        "transactions",
        sa.Column("number", BIG_KEY, primary_key=True, autoincrement=False),
        sa.Column("session", sa.String(36), nullable=False),
        sa.Column("charger", sa.String(100), nullable=False),
        sa.Column("station", sa.String(100), nullable=False),
        sa.Column("said", sa.String(64)),
        sa.Column("token", sa.Text),
        sa.Column("begun_at", sa.BigInteger),
        sa.Column("start_wh", sa.Float),
        sa.Column("signed_start", sa.LargeBinary),
        sa.Column("stopped_at", sa.BigInteger),
        sa.Column("stop_wh", sa.Float),
        sa.Column("signed_stop", sa.LargeBinary),
        sa.Column("reason", sa.Text),
    )
    op.create_index("transactions_said", "transactions", ["said"], unique=True)
    op.create_index("transactions_of_session", "transactions", ["session"])
    op.create_table(
        "transaction_numbers",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("next", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.String(32), nullable=False),
    )

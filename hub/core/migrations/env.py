"""Alembic asks this file how to run: on the connection that `hub.core.database` gives it, in one transaction."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, render_as_batch=True, transactional_ddl=True)
with connection.begin(), context.begin_transaction():
    context.run_migrations()

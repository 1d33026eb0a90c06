"""Runs the revisions on the connection that `app.storage.migrate` hands over, within its transaction.

Forward only: a revision that went wrong is followed by another, so that no installation drops what it has recorded.
"""

from alembic import context

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run `gerege migrate`: it opens the database, keeps other starters out, and then calls this")
context.configure(connection=connection)
context.run_migrations()

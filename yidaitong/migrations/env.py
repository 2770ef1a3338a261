"""Alembic environment: the caller hands over an open connection of the owner."""

from alembic import context

from yidaitong.migrations.schema import metadatas

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadatas(),
    include_schemas=True,
    compare_type=True,
    version_table="schema_version",
)
with context.begin_transaction():
    context.run_migrations()

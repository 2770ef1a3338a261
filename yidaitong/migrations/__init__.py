"""Schema of the database: Alembic scripts, roles and grants."""

"""Notices, how their receivers do, callback addresses of banks, and the key that signs notices."""

from alembic import op
from sqlalchemy import inspect

from yidaitong.kernel.crypto.uses import KeyUse
from yidaitong.migrations.schema import guard_sql, tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = frozenset({"notice", "notice_receiver", "callback_endpoint"})


def upgrade() -> None:
    known = set(inspect(op.get_bind()).get_table_names())
    # A fresh database has them from 0001 already, which makes what the models say.
    for table in tables():
        if table.fullname in _TABLES - known:
            table.create(op.get_bind())
            for statement in guard_sql(table):
                op.execute(statement)
    uses = ", ".join(f"'{use.value}'" for use in KeyUse)
    op.execute("ALTER TABLE signing_key DROP CONSTRAINT ck_signing_key_keyuse")
    op.execute(
        f"ALTER TABLE signing_key ADD CONSTRAINT ck_signing_key_keyuse CHECK (use IN ({uses}))"
    )

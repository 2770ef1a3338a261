"""Versions of the key-encryption key, the key of the blind indexes, statements of key changes.

Rows come with the first use: only a process that holds the key can write them.
"""

import sqlalchemy as sa
from alembic import op

from yidaitong.authorizations.order_kinds import OrderKind
from yidaitong.kernel.crypto.keks.models import IndexKey, Kek
from yidaitong.kernel.db.base import Base
from yidaitong.migrations.schema import guard_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The first migration makes what the models say: a new database has all of this.
    here = sa.inspect(op.get_bind())
    for model in (Kek, IndexKey):
        table = Base.metadata.tables[model.__tablename__]
        if not here.has_table(table.name):
            table.create(op.get_bind())
            for statement in guard_sql(table):
                op.execute(statement)
    known = {column["name"] for column in here.get_columns("signing_key")}
    for name in sorted({"statement", "possession"} - known):
        op.add_column("signing_key", sa.Column(name, sa.Text()))
    kinds = ", ".join(f"'{kind.value}'" for kind in OrderKind)
    op.execute("ALTER TABLE consent_order DROP CONSTRAINT ck_consent_order_orderkind")
    op.execute(
        "ALTER TABLE consent_order "
        f"ADD CONSTRAINT ck_consent_order_orderkind CHECK (kind IN ({kinds}))"
    )
    op.execute(
        "CREATE INDEX IF NOT EXISTS ix_dek_kek_ver ON dek (kek_ver) "
        "WHERE parent_id IS NULL AND wrapped IS NOT NULL"
    )

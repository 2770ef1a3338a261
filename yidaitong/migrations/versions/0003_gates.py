"""Clearing a clock that fell back; counting refusals of nobody."""

import sqlalchemy as sa
from alembic import op

from consent.ledger import schema as ledger_schema
from yidaitong.audit.models import RefusalCount
from yidaitong.authorizations.order_kinds import OrderKind
from yidaitong.kernel.db.base import Base
from yidaitong.migrations.schema import guard_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The first migration makes what the models say: a new database has all of this.
    here = sa.inspect(op.get_bind())
    if not here.has_table("clearing", schema="ledger"):
        for statement in ledger_schema.clearing_statements():
            op.execute(statement)
    table = Base.metadata.tables[RefusalCount.__tablename__]
    if not here.has_table(table.name):
        table.create(op.get_bind())
        for statement in guard_sql(table):
            op.execute(statement)
    kinds = ", ".join(f"'{kind.value}'" for kind in OrderKind)
    op.execute("ALTER TABLE consent_order DROP CONSTRAINT ck_consent_order_orderkind")
    op.execute(
        "ALTER TABLE consent_order "
        f"ADD CONSTRAINT ck_consent_order_orderkind CHECK (kind IN ({kinds}))"
    )

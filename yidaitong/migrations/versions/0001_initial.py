"""First schema."""

from alembic import op

from consent.ledger import schema as ledger_schema
from yidaitong.migrations.schema import REFUSE_CHANGE, guard_sql, metadatas, tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS consent")
    op.execute("GRANT USAGE ON SCHEMA consent TO ydt_app")
    op.execute("GRANT USAGE ON SCHEMA public TO ydt_app, ydt_ledger")
    op.execute(REFUSE_CHANGE)
    for statement in ledger_schema.statements():
        op.execute(statement)
    for metadata in metadatas():
        metadata.create_all(op.get_bind())
    for table in tables():
        for statement in guard_sql(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public, consent TO ydt_app")

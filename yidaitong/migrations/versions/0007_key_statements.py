"""What banks and departments said of their own keys."""

from alembic import op
from sqlalchemy import inspect

from yidaitong.migrations.schema import guard_sql
from yidaitong.packets.models import KeyStatement

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = KeyStatement.metadata.tables[KeyStatement.__tablename__]
    # A fresh database has it from 0001 already, which makes what the models say.
    if not inspect(op.get_bind()).has_table(table.name):
        table.create(op.get_bind())
        for statement in guard_sql(table):
            op.execute(statement)

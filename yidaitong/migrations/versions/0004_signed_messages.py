"""Keys that sign messages, machine clients of banks, nonces, tokens bound to a key."""

import sqlalchemy as sa
from alembic import op

from yidaitong.accounts.models import UserSession
from yidaitong.banks.models import KeyPurpose
from yidaitong.kernel.db.base import Base
from yidaitong.migrations.schema import guard_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = ("api_client", "message_nonce")
_FOREIGN = (
    "ADD CONSTRAINT fk_user_session_client_id_api_client "
    "FOREIGN KEY (client_id) REFERENCES api_client (id)"
)
_HOLDER = (
    "ADD CONSTRAINT ck_user_session_holder CHECK ((account_id IS NULL) <> (client_id IS NULL))"
)
_SESSIONS = (
    "ADD COLUMN client_id uuid",
    "ADD COLUMN msg_kid varchar(64)",
    "ADD COLUMN scope varchar(32)[]",
    "ALTER COLUMN account_id DROP NOT NULL",
    _FOREIGN,
    _HOLDER,
)


def upgrade() -> None:
    # The first migration makes what the models say: a new database has all of this.
    here = sa.inspect(op.get_bind())
    for name in _TABLES:
        if not here.has_table(name):
            table = Base.metadata.tables[name]
            table.create(op.get_bind())
            for statement in guard_sql(table):
                op.execute(statement)
    uses = ", ".join(f"'{use.value}'" for use in KeyPurpose)
    op.execute("ALTER TABLE bank_key DROP CONSTRAINT ck_bank_key_keypurpose")
    op.execute(
        f"ALTER TABLE bank_key ADD CONSTRAINT ck_bank_key_keypurpose CHECK (use IN ({uses}))"
    )
    _bind_sessions({one["name"] for one in here.get_columns(UserSession.__tablename__)})


def _bind_sessions(known: set[str]) -> None:
    if "client_id" in known:
        return
    for change in _SESSIONS:
        op.execute(f"ALTER TABLE user_session {change}")
    op.execute("CREATE INDEX ix_user_session_client_id ON user_session (client_id)")

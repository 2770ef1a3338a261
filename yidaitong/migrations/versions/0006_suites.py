"""Signing keys of more than one suite: one active key for each use and algorithm."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NAME = "uq_signing_key_active"


def upgrade() -> None:
    # Made again even where the first migration made it like this: the outcome is the same.
    op.drop_index(_NAME, table_name="signing_key")
    op.create_index(
        _NAME,
        "signing_key",
        ["use", "alg"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )


def downgrade() -> None:
    raise NotImplementedError("an older programme knows one suite only")

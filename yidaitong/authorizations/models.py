"""The texts people were shown, kept for ever by hash; two-person orders; revisions of texts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.authorizations.order_kinds import OrderKind, OrderState
from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import UtcDateTime, str_enum
from yidaitong.kernel.ids import uuid7


class AuthorizationText(Base):
    """One rendered text of one request; a narrowed request has several.

    ``sealed`` holds it under the evidence key of the consent; ``sha256`` (base64url) is
    ``notice.rendered_sha256`` of the artefact.
    """

    __tablename__ = "authorization_text"
    __table_args__ = (
        {
            "info": {
                "append_only": True,
                "rls": Rls(enterprise="enterprise_id", bank="bank_id", gov=True),
            }
        },
    )

    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(43), primary_key=True)
    chain_id: Mapped[UUID]
    enterprise_id: Mapped[UUID]
    bank_id: Mapped[str | None] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    template_id: Mapped[str] = mapped_column(String(64))
    template_rev_sha256: Mapped[str] = mapped_column(String(43))
    shown_from: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class ConsentOrder(Base, kw_only=True):
    """A two-person order: one natural person proposes, another confirms or turns it down.

    ``target_id`` is the chain, mandate or enterprise it is about (a template: its derived id);
    ``terms`` hold what else the kind needs: ids, codes and dates, never a name.
    """

    __tablename__ = "consent_order"
    __table_args__ = (
        Index(
            "uq_consent_order_open",
            "kind",
            "target_id",
            unique=True,
            postgresql_where=text("state = 'PROPOSED'"),
        ),
        {"info": {"rls": Rls(gov=True)}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    kind: Mapped[OrderKind] = mapped_column(str_enum(OrderKind))
    target_id: Mapped[UUID] = mapped_column(index=True)
    reason_class: Mapped[str] = mapped_column(String(32))
    case_number: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(500))
    terms: Mapped[dict[str, str]] = mapped_column(JSONB, default_factory=dict)
    state: Mapped[OrderState] = mapped_column(
        str_enum(OrderState), default=OrderState.PROPOSED, index=True
    )
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[UUID | None] = mapped_column(default=None)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it


class TextRevision(Base, kw_only=True):
    """One revision of a template two persons put into force.

    Consents under another revision wait from ``reconsent_by`` on, where it is set.
    """

    __tablename__ = "text_revision"
    __table_args__ = ({"info": {"rls": Rls(gov=True)}},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    template_id: Mapped[str] = mapped_column(String(64), index=True)
    rev_sha256: Mapped[str] = mapped_column(String(43))
    n: Mapped[int]
    order_id: Mapped[UUID]
    revised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reconsent_by: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)

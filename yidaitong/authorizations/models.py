"""The texts people were shown, kept for ever by hash; two-person orders; revisions of texts."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import UtcDateTime, str_enum
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.text import Text


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


# Wire format: append only.
class OrderKind(StrEnum):
    """What two persons of the centre may order."""

    SUSPEND = "SUSPEND"
    RESTORE = "RESTORE"
    VOID = "VOID"
    INVALIDATE_MANDATE = "INVALIDATE_MANDATE"
    RESET_QUORUM = "RESET_QUORUM"
    REVISE_TEXT = "REVISE_TEXT"

    @property
    def text(self) -> Text:
        """The kind in words for people."""
        return _KINDS[self]


_KINDS = {
    OrderKind.SUSPEND: Text("中止授权", "Suspend an authorization"),
    OrderKind.RESTORE: Text("恢复授权", "Restore an authorization"),
    OrderKind.VOID: Text("认定授权自始无效", "Declare an authorization void"),
    OrderKind.INVALIDATE_MANDATE: Text("认定委托自始无效", "Declare a mandate void"),
    OrderKind.RESET_QUORUM: Text("重置签署人数", "Reset a quorum"),
    OrderKind.REVISE_TEXT: Text("启用新版授权文本", "Put a revised text into force"),
}


# Wire format: append only.
class OrderState(StrEnum):
    """Whether the second person has decided."""

    PROPOSED = "PROPOSED"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _STATES[self]


_STATES = {
    OrderState.PROPOSED: Text("待复核", "Waiting for a second person"),
    OrderState.CONFIRMED: Text("已执行", "Carried out"),
    OrderState.REJECTED: Text("已否决", "Turned down"),
}


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

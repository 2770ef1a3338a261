"""The texts people were shown, kept for ever by hash."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import UtcDateTime


class AuthorizationText(Base):
    """One rendered text of one request; ``sealed`` holds it under the evidence key of the consent.

    ``sha256`` (base64url) is ``notice.rendered_sha256`` of the artefact.
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
    chain_id: Mapped[UUID]
    enterprise_id: Mapped[UUID]
    bank_id: Mapped[str | None] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(43), index=True)
    language: Mapped[str] = mapped_column(String(8))
    template_id: Mapped[str] = mapped_column(String(64))
    template_rev_sha256: Mapped[str] = mapped_column(String(43))
    shown_from: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

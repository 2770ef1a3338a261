"""Tables of loan products: the product and its versions."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, event, inspect, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import Fen, UtcDateTime, str_enum
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.text import Text
from yidaitong.products.kinds import Repayment
from yidaitong.products.lifecycle import OPEN, ProductState

# What people decide on; fixed once a version leaves DRAFT.
CONTENT: Final = (
    "product_id",
    "version",
    "bank_id",
    "name_zh",
    "name_en",
    "summary_zh",
    "summary_en",
    "audience_zh",
    "audience_en",
    "cap_fen",
    "rate_min_bp",
    "rate_max_bp",
    "term_min",
    "term_max",
    "guarantee_bp",
    "assessment_bp",
    "bridge_bp",
    "policy",
    "trials",
    "confidential_rules",
)


class Product(Base, kw_only=True):
    """One product; its id belongs to one bank for ever."""

    __tablename__ = "product"
    __table_args__ = ({"info": {"rls": Rls(bank="bank_id", gov=True)}},)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    bank_id: Mapped[str] = mapped_column(ForeignKey("bank.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ProductVersion(Base, kw_only=True):
    """One version: terms, policy and test cases. Rates in bp a year, terms in months.

    ``sha256`` is the policy's hash, ``content_sha256`` that of everything people decide on.
    ``confidential_rules`` name rules whose threshold borrowers are not told.
    """

    __tablename__ = "product_version"
    __table_args__ = (
        UniqueConstraint("product_id", "version"),
        Index(
            "uq_product_version_effective",
            "product_id",
            unique=True,
            postgresql_where=text("state = 'EFFECTIVE'"),
        ),
        Index(
            "uq_product_version_open",
            "product_id",
            unique=True,
            postgresql_where=text(f"state IN ({', '.join(repr(s.value) for s in OPEN)})"),
        ),
        {"info": {"rls": Rls(bank="bank_id", gov=True)}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    product_id: Mapped[str] = mapped_column(ForeignKey("product.id"))
    version: Mapped[int]
    bank_id: Mapped[str] = mapped_column(ForeignKey("bank.id"), index=True)
    state: Mapped[ProductState] = mapped_column(str_enum(ProductState), default=ProductState.DRAFT)

    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    summary_zh: Mapped[str] = mapped_column(String(500))
    summary_en: Mapped[str] = mapped_column(String(500))
    audience_zh: Mapped[str] = mapped_column(String(200))
    audience_en: Mapped[str] = mapped_column(String(200))
    cap_fen: Mapped[Fen]
    rate_min_bp: Mapped[int]
    rate_max_bp: Mapped[int]
    term_min: Mapped[int]
    term_max: Mapped[int]
    repayment: Mapped[Repayment] = mapped_column(str_enum(Repayment))
    guarantee_bp: Mapped[int] = mapped_column(default=0)
    assessment_bp: Mapped[int] = mapped_column(default=0)
    bridge_bp: Mapped[int] = mapped_column(default=0)
    policy: Mapped[dict[str, Any]] = mapped_column(JSONB)
    trials: Mapped[dict[str, Any]] = mapped_column(JSONB)
    confidential_rules: Mapped[list[str]] = mapped_column(ARRAY(String(16)), default_factory=list)
    sha256: Mapped[str] = mapped_column(String(43))
    content_sha256: Mapped[str] = mapped_column(String(43))

    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    maker_person_id: Mapped[UUID | None] = mapped_column(default=None)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    checker_person_id: Mapped[UUID | None] = mapped_column(default=None)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    reviewer_person_id: Mapped[UUID | None] = mapped_column(default=None)
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    review_note: Mapped[str | None] = mapped_column(String(1000), default=None)
    admitter_person_id: Mapped[UUID | None] = mapped_column(default=None)
    admitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    returned_by: Mapped[UUID | None] = mapped_column(default=None)
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    return_reason: Mapped[str | None] = mapped_column(String(500), default=None)
    effective_from: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    effective_to: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it

    @property
    def name(self) -> Text:
        """The product's name."""
        return Text(self.name_zh, self.name_en)

    @property
    def summary(self) -> Text:
        """What it is, in a sentence or two."""
        return Text(self.summary_zh, self.summary_en)

    @property
    def audience(self) -> Text:
        """For whom it is."""
        return Text(self.audience_zh, self.audience_en)


@event.listens_for(ProductVersion, "before_update")
def _keep_content(_mapper: object, _connection: object, version: ProductVersion) -> None:
    """Whatever code asks for it: what was decided on never changes."""
    attributes = inspect(version).attrs
    before = attributes["state"].history.deleted or [version.state]
    if before[0] is ProductState.DRAFT:
        return
    changed = [name for name in (*CONTENT, "repayment") if attributes[name].history.has_changes()]
    if changed:
        raise InvalidStateError(f"version {version.id} is {version.state}: {changed[0]}")

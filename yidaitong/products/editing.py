"""Drafting: a bank's product manager writes a version; it is free to change until submitted."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from yidaitong import audit
from yidaitong.banks.queries import bank_of
from yidaitong.kernel.errors import InvalidRequestError, InvalidStateError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products.commands import DraftProduct
from yidaitong.products.content import content_digest
from yidaitong.products.errors import ProductTakenError
from yidaitong.products.lifecycle import OPEN, ProductState
from yidaitong.products.models import Product, ProductVersion
from yidaitong.products.policy import Policy, parse
from yidaitong.products.trials import Trials, read_trials

EDIT = "product.edit"
_MAX_TERM = 120
_MAX_BP = 3600  # A contract beyond 36 % a year is void (法释〔2015〕18号, art. 26).


@dataclass(frozen=True, slots=True)
class _Written:
    policy: Policy
    trials: Trials


def draft(uow: UnitOfWork, command: DraftProduct) -> ProductVersion:
    """Start a version of a product of the actor's bank; the first one claims the product's id.

    Raises:
        ForbiddenError: the actor may not.
        InvalidPolicyError: the policy has mistakes; it says where.
        InvalidTrialsError: the test cases cannot be read.
        InvalidRequestError: the terms contradict each other or the policy.
        ProductTakenError: the id is another bank's, or a version is under way.
    """
    uow.actor.require(EDIT)
    bank_id = bank_of(uow, uow.actor.bank_id).id
    written = _read(command)
    _claim(uow, command.product_id, bank_id)
    version = ProductVersion(
        product_id=command.product_id,
        version=_next_number(uow, command.product_id),
        bank_id=bank_id,
        created_at=uow.now,
        **_content(command, written),
    )
    version.content_sha256 = content_digest(version)
    uow.session.add(version)
    _note(uow, "product.draft", version)
    return version


def revise(uow: UnitOfWork, version_id: UUID, command: DraftProduct) -> ProductVersion:
    """Replace the content of a draft.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such version, or somebody else's.
        InvalidStateError: it is no draft any more.
        InvalidPolicyError, InvalidTrialsError, InvalidRequestError: as in ``draft``.
    """
    uow.actor.require(EDIT)
    version = locked(uow, version_id)
    if version.state is not ProductState.DRAFT:
        raise InvalidStateError(f"version {version.id} is {version.state}")
    if command.product_id != version.product_id:
        raise InvalidRequestError("product", fields={"product_id": "CHOICE"})
    for name, value in _content(command, _read(command)).items():
        setattr(version, name, value)
    version.content_sha256 = content_digest(version)
    _note(uow, "product.revise", version)
    return version


def succeed(uow: UnitOfWork, version_id: UUID) -> ProductVersion:
    """Start the next version of a product with the content of one that was decided on.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such version, or somebody else's.
        ProductTakenError: a version is under way.
    """
    uow.actor.require(EDIT)
    version = locked(uow, version_id)
    _claim(uow, version.product_id, uow.actor.bank_id)
    made = redraft(uow, version)
    _note(uow, "product.draft", made)
    return made


def redraft(uow: UnitOfWork, version: ProductVersion) -> ProductVersion:
    """A new draft with the content of a returned or retired version."""
    copy = ProductVersion(
        product_id=version.product_id,
        version=_next_number(uow, version.product_id),
        bank_id=version.bank_id,
        name_zh=version.name_zh,
        name_en=version.name_en,
        summary_zh=version.summary_zh,
        summary_en=version.summary_en,
        audience_zh=version.audience_zh,
        audience_en=version.audience_en,
        cap_fen=version.cap_fen,
        rate_min_bp=version.rate_min_bp,
        rate_max_bp=version.rate_max_bp,
        term_min=version.term_min,
        term_max=version.term_max,
        repayment=version.repayment,
        guarantee_bp=version.guarantee_bp,
        assessment_bp=version.assessment_bp,
        bridge_bp=version.bridge_bp,
        policy=version.policy,
        trials=version.trials,
        confidential_rules=list(version.confidential_rules),
        sha256=version.sha256,
        content_sha256="",
        created_at=uow.now,
    )
    copy.content_sha256 = content_digest(copy)
    uow.session.add(copy)
    uow.session.flush()
    return copy


def locked(uow: UnitOfWork, version_id: UUID) -> ProductVersion:
    """One version the actor may act on, locked until the transaction ends.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    version = uow.session.scalar(
        select(ProductVersion)
        .where(ProductVersion.id == version_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if version is None:
        raise NotFoundError(f"product version {version_id}")
    return version


def _read(command: DraftProduct) -> _Written:
    policy = parse(command.policy)
    problems: dict[str, str] = {}
    if policy.product != command.product_id:
        problems["product_id"] = "CHOICE"
    if not command.cap_fen > 0 or command.cap_fen < policy.min_limit_fen:
        problems["cap_fen"] = "TOO_SMALL"
    if not 0 < command.rate_min_bp <= command.rate_max_bp <= _MAX_BP:
        problems["rate_max_bp"] = "NOT_VALID"
    if not 0 < command.term_min <= command.term_max <= _MAX_TERM:
        problems["term_max"] = "NOT_VALID"
    if min(command.guarantee_bp, command.assessment_bp, command.bridge_bp) < 0:
        problems["guarantee_bp"] = "TOO_SMALL"
    if problems:
        raise InvalidRequestError("terms", fields=problems)
    return _Written(policy, read_trials(command.trials))


def _content(command: DraftProduct, written: _Written) -> dict[str, Any]:
    return {
        "name_zh": command.name.zh,
        "name_en": command.name.en,
        "summary_zh": command.summary.zh,
        "summary_en": command.summary.en,
        "audience_zh": command.audience.zh,
        "audience_en": command.audience.en,
        "cap_fen": command.cap_fen,
        "rate_min_bp": command.rate_min_bp,
        "rate_max_bp": command.rate_max_bp,
        "term_min": command.term_min,
        "term_max": command.term_max,
        "repayment": command.repayment,
        "guarantee_bp": command.guarantee_bp,
        "assessment_bp": command.assessment_bp,
        "bridge_bp": command.bridge_bp,
        "policy": dict(written.policy.document),
        "trials": dict(written.trials.document),
        "confidential_rules": sorted(set(command.confidential_rules)),
        "sha256": written.policy.sha256,
        "content_sha256": "",
    }


def _claim(uow: UnitOfWork, product_id: str, bank_id: str) -> None:
    """The product's row, locked: its versions get their numbers one after another."""
    values = {"id": product_id, "bank_id": bank_id, "created_at": uow.now}
    uow.session.execute(insert(Product).values(values).on_conflict_do_nothing())
    mine = select(Product).where(Product.id == product_id, Product.bank_id == bank_id)
    if uow.session.scalar(mine.with_for_update()) is None:
        raise ProductTakenError(f"product {product_id}")
    under_way = select(ProductVersion.id).where(
        ProductVersion.product_id == product_id, ProductVersion.state.in_(OPEN)
    )
    if uow.session.scalar(under_way) is not None:
        raise ProductTakenError(f"product {product_id} has an open version")


def _next_number(uow: UnitOfWork, product_id: str) -> int:
    query = select(func.max(ProductVersion.version)).where(ProductVersion.product_id == product_id)
    return (uow.session.scalar(query) or 0) + 1


def _note(uow: UnitOfWork, action: str, version: ProductVersion) -> None:
    uow.session.flush()
    audit.record(
        uow,
        action,
        object_type="product_version",
        object_id=version.id,
        product_id=version.product_id,
        sha256=version.content_sha256,
    )

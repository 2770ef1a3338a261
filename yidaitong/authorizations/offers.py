"""What an authorization needs to know of a product: its bank, its policy version, its items."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from consent.models import Chain
from yidaitong.authorizations.purposes import Purpose
from yidaitong.banks.queries import bank_of
from yidaitong.departments.items import ITEMS
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products.models import ProductVersion
from yidaitong.products.policy import Policy, items
from yidaitong.products.policy.grammar import Condition, OnFail, items_of
from yidaitong.products.queries import effective, policy_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One effective product version of one bank; ``items`` are all its policy names.

    ``optional`` are those the enterprise may leave out.
    """

    product_id: str
    product_name: Text
    bank_id: str
    bank_name: str
    bank_contact: str
    policy_version: int
    policy_sha256: str
    items: frozenset[str]
    optional: frozenset[str] = frozenset()


def offer_of(uow: UnitOfWork, version: ProductVersion) -> Offer:
    """What is put before an enterprise that wants this version."""
    bank = bank_of(uow, version.bank_id)
    policy = policy_of(version)
    return Offer(
        product_id=version.product_id,
        product_name=version.name,
        bank_id=bank.id,
        bank_name=bank.name_zh,
        bank_contact=bank.contact,
        policy_version=version.version,
        policy_sha256=version.sha256,
        items=frozenset(items(policy)),
        optional=optional_items(policy),
    )


def monitoring_offer(uow: UnitOfWork, version: ProductVersion) -> Offer:
    """What a bank may ask about a loan it paid out: what the policy's rules read.

    The table, the limit and the rate were decided once. Nothing personal is asked, and the
    enterprise may leave out whatever it likes: the loan does not depend on it.
    """
    read = {name for rule in policy_of(version).rules for name in _read(rule.condition)}
    watched = frozenset(
        name for name in read if ITEMS[name].resource is not None and not ITEMS[name].personal
    )
    return replace(offer_of(uow, version), items=watched, optional=watched)


def current_offer(uow: UnitOfWork, chain_id: UUID) -> Offer:
    """What the product of one authorization needs now for its purpose.

    Raises:
        NotFoundError: no such authorization, or somebody else's; or nobody offers the product.
    """
    chain = uow.session.get(Chain, chain_id)
    version = None if chain is None else effective(uow, chain.product_id)
    if version is None:
        raise NotFoundError(f"offer of chain {chain_id}")
    if chain is not None and chain.purpose == Purpose.POST_LOAN:
        return monitoring_offer(uow, version)
    return offer_of(uow, version)


def optional_items(policy: Policy) -> frozenset[str]:
    """Items without which the policy can still decide: only rules that refer to a person read them.

    A rule that rejects, the table, the limit and the rate need theirs.
    """
    needed = {
        item
        for rule in policy.rules
        if rule.on_fail is OnFail.REJECT
        for item in _read(rule.condition)
    }
    needed |= {item for row in policy.rows for condition in row.when for item in _read(condition)}
    needed |= {*items_of(policy.limit), *items_of(policy.rate)}
    return frozenset(items(policy)) - needed


def _read(condition: Condition) -> Iterator[str]:
    yield condition.item
    if condition.expr is not None:
        yield from items_of(condition.expr)

"""What an authorization needs to know of a product: its bank, its policy version, its items."""

from dataclasses import dataclass

from yidaitong.banks.queries import bank_of
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products.models import ProductVersion
from yidaitong.products.policy import items
from yidaitong.products.queries import policy_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One effective product version of one bank; ``items`` are all its policy names."""

    product_id: str
    product_name: Text
    bank_id: str
    bank_name: str
    bank_contact: str
    policy_version: int
    policy_sha256: str
    items: frozenset[str]


def offer_of(uow: UnitOfWork, version: ProductVersion) -> Offer:
    """What is put before an enterprise that wants this version."""
    bank = bank_of(uow, version.bank_id)
    return Offer(
        product_id=version.product_id,
        product_name=version.name,
        bank_id=bank.id,
        bank_name=bank.name_zh,
        bank_contact=bank.contact,
        policy_version=version.version,
        policy_sha256=version.sha256,
        items=frozenset(items(policy_of(version))),
    )

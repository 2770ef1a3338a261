"""What an authorization needs to know of a product: its bank, its policy version, its items."""

from dataclasses import dataclass

from yidaitong.kernel.text import Text


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

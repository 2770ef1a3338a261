"""A refusal in words: the policy's own reasons with their figures, and those of people."""

from dataclasses import dataclass
from typing import Any

from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.lifecycle import ApplicationState
from yidaitong.lending.queries import ApplicationInFull
from yidaitong.lending.reasons import MANUAL
from yidaitong.products import queries as products
from yidaitong.products.explaining import Explanation, explain

_REFUSED = frozenset({ApplicationState.DECLINED, ApplicationState.DECLINED_SCREEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Why an application was refused; ``rules`` is None once its data were destroyed."""

    rules: Explanation | None
    people: tuple[Text, ...]
    others: tuple[Any, ...]


def explanation_of(uow: UnitOfWork, full: ApplicationInFull) -> Explained | None:
    """The reasons of a refusal; None where nothing was refused."""
    if full.application.state not in _REFUSED:
        return None
    others = tuple(
        version
        for version in products.shelf(uow)
        if version.product_id != full.application.product_id
    )
    codes = () if full.decision is None else tuple(full.decision.reasons)
    return Explained(
        rules=_rules(full, [version.name for version in others]),
        people=tuple(MANUAL[code] for code in codes if code in MANUAL),
        others=others,
    )


def _rules(full: ApplicationInFull, others: list[Text]) -> Explanation | None:
    if full.trace is None or not full.trace["reasons"]:
        return None
    return explain(
        products.policy_of(full.product),
        full.trace,
        others=others,
        confidential=full.product.confidential_rules,
    )

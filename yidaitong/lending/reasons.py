"""Reason codes of refusals: those of the policy's own rules, and a closed list for people."""

from collections.abc import Collection, Mapping
from typing import Final

from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.kernel.text import Text
from yidaitong.lending.models import Evaluation

# Wire format: append only.
MANUAL: Final[Mapping[str, Text]] = {
    "MANUAL": Text("综合评估未通过", "Declined after an overall assessment"),
    "DATA_UNVERIFIED": Text("关键数据无法核实", "Key data could not be verified"),
    "BUSINESS_UNVERIFIED": Text(
        "经营情况与申报不符", "The business differs from what was declared"
    ),
    "USE_UNCLEAR": Text("资金用途不明确", "The use of the money is unclear"),
    "REPAYMENT_WEAK": Text("还款来源不足", "Sources of repayment are not sufficient"),
    "DEBT_HIGH": Text("现有负债偏高", "Present debts are high"),
    "CAPACITY": Text("本行该产品额度已满", "The bank's quota of this product is used up"),
}


def checked(given: Collection[str], evaluation: Evaluation | None) -> list[str]:
    """The reasons of a refusal, each once, in the order given.

    Raises:
        InvalidRequestError: there is none, or one is neither on the list nor the policy's.
    """
    known = set(MANUAL) | set(evaluation.reasons if evaluation is not None else ())
    found = list(dict.fromkeys(given))
    if not found:
        raise InvalidRequestError("reasons", fields={"reasons": "MISSING"})
    if not known.issuperset(found):
        raise InvalidRequestError("reasons", fields={"reasons": "CHOICE"})
    return found

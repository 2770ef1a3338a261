"""One whole story, from registration to the last word of the bank."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yidaitong.sandbox.staff import PASSWORD
from yidaitong.sandbox.story.bank import Lender, Packet
from yidaitong.sandbox.story.client import Party
from yidaitong.sandbox.story.enterprise import Agreed, Borrower
from yidaitong.sandbox.story.plan import Story


@dataclass(slots=True, kw_only=True)
class Told:
    """How one story went. ``lines`` counts resources by status; ``consented`` all of them."""

    product_id: str
    bank_id: str
    application_id: str
    result: str
    reasons: list[Mapping[str, Any]]
    consented: int
    lines: Mapping[str, int]
    pulls: int
    chain_ids: list[str]
    packets: list[Packet] = field(default_factory=list)
    outcome: str = ""
    disbursed_fen: int = 0


@dataclass(slots=True, kw_only=True)
class Teller:
    """Tells stories against one running platform."""

    base_url: str
    lenders: Mapping[str, Lender]
    business_date: str

    def tell(self, story: Story) -> tuple[Borrower, Told] | None:
        """The whole story; None where the firm is registered already."""
        party = Party(base_url=self.base_url, password=PASSWORD)
        borrower = Borrower(party=party, firm=story.firm)
        if not borrower.register():
            return None
        made = borrower.apply(story.product_id, story.amount, story.term_months)
        application_id = made["application_id"]
        agreed = authorize(borrower, made["asks"], story)
        borrower.submit(application_id)
        lender = self.lenders[borrower.application(application_id)["bank_id"]]
        case = lender.evaluated(application_id)
        told = _told(story, lender, case, agreed)
        self._finish(told, case, borrower, lender)
        return borrower, told

    def _finish(
        self, told: Told, case: Mapping[str, Any], borrower: Borrower, lender: Lender
    ) -> None:
        told.packets = [lender.take_packet(packet) for packet in case["packets"]]
        told.outcome = lender.decide(case)
        if told.outcome == "APPROVE":
            lender.offer(told.application_id)
            borrower.accept(told.application_id)
            told.disbursed_fen = lender.pay_out(told.application_id, self.business_date)


def authorize(borrower: Borrower, asks: list[dict[str, Any]], story: Story) -> list[Agreed]:
    """Sign what is asked; a representative may keep what is personal."""
    agreed = []
    for ask in asks:
        if ask["personal"] and not story.own_consent and len(asks) > 1:
            borrower.refuse(ask)
        else:
            agreed.append(borrower.authorize(ask))
    return agreed


def _told(story: Story, lender: Lender, case: Mapping[str, Any], agreed: list[Agreed]) -> Told:
    lines = Counter(line["status"] for pull in case["pulls"] for line in pull["lines"])
    evaluation = case["evaluation"]
    return Told(
        product_id=story.product_id,
        bank_id=lender.bank_id,
        application_id=case["id"],
        result=evaluation["result"],
        reasons=reasons(evaluation),
        consented=sum(one.resources for one in agreed),
        lines=dict(lines),
        pulls=len(case["pulls"]),
        chain_ids=[one.chain_id for one in agreed],
    )


def reasons(evaluation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The policy's reasons in words, with the gap and the why of the trace."""
    rules = (evaluation["trace"] or {}).get("rules", [])
    traced = {rule["id"]: rule for rule in rules}
    return [
        {
            "code": reason["code"],
            "text": reason["zh"],
            "gap": traced.get(reason["code"], {}).get("gap"),
            "why": traced.get(reason["code"], {}).get("why"),
        }
        for reason in evaluation["reasons"]
    ]

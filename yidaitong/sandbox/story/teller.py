"""One whole story, from registration to the last word of the bank."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yidaitong.sandbox.staff import PASSWORD
from yidaitong.sandbox.story.bank import Lender, Packet
from yidaitong.sandbox.story.client import Party
from yidaitong.sandbox.story.enterprise import Borrower
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
        chain_ids = authorize(borrower, made["asks"], story)
        borrower.submit(application_id)
        lender = self.lenders[borrower.application(application_id)["bank_id"]]
        told = _told(story, lender.evaluated(application_id), chain_ids)
        self._finish(told, borrower, lender)
        return borrower, told

    def _finish(self, told: Told, borrower: Borrower, lender: Lender) -> None:
        case = lender.case(told.application_id)
        told.packets = [lender.take_packet(packet) for packet in case["packets"]]
        told.outcome = lender.decide(case)
        if told.outcome == "APPROVE":
            lender.offer(told.application_id)
            borrower.accept(told.application_id)
            told.disbursed_fen = lender.pay_out(told.application_id, self.business_date)


def authorize(borrower: Borrower, asks: list[dict[str, Any]], story: Story) -> list[str]:
    """Sign what is asked; a representative may keep what is personal. Ids of the consents."""
    chain_ids = []
    for ask in asks:
        keeps = ask["personal"] and not story.own_consent and len(asks) > 1
        if keeps:
            borrower.refuse(ask)
        else:
            chain_ids.append(str(borrower.authorize(ask)["chain_id"]))
    return chain_ids


def _told(story: Story, case: Mapping[str, Any], chain_ids: list[str]) -> Told:
    lines = Counter(line["status"] for pull in case["pulls"] for line in pull["lines"])
    return Told(
        product_id=story.product_id,
        bank_id=case["bank_id"],
        application_id=case["id"],
        result=case["evaluation"]["result"],
        reasons=case["evaluation"]["reasons"],
        consented=sum(pull["total"] for pull in case["pulls"]),
        lines=dict(lines),
        pulls=len(case["pulls"]),
        chain_ids=chain_ids,
    )

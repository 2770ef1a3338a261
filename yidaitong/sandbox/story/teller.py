"""One whole story, from registration to the last word of the bank."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yidaitong.sandbox.staff import PASSWORD
from yidaitong.sandbox.story.bank import Lender
from yidaitong.sandbox.story.client import Party, StoryError
from yidaitong.sandbox.story.enterprise import Borrower
from yidaitong.sandbox.story.plan import Story


@dataclass(slots=True, kw_only=True)
class Packet:
    """One sealed packet as the bank fetched it."""

    id: str
    bank_id: str
    pull_id: str
    text: str = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Told:
    """How one story went. ``lines`` counts resources by status; ``receipt`` is the first one."""

    product_id: str
    bank_id: str
    application_id: str
    result: str
    outcome: str
    reasons: list[Mapping[str, Any]]
    consented: int
    lines: Mapping[str, int]
    packets: list[Packet]
    receipt: Mapping[str, Any] = field(repr=False)
    disbursed_fen: int = 0


@dataclass(slots=True, kw_only=True)
class Teller:
    """Tells stories against one running platform."""

    base_url: str
    lenders: Mapping[str, Lender]
    business_date: str

    def tell(self, story: Story) -> Told | None:
        """The whole story; None where the firm is registered already."""
        party = Party(base_url=self.base_url, password=PASSWORD)
        borrower = Borrower(party=party, firm=story.firm)
        if not borrower.register():
            return None
        made = borrower.apply(story.product_id, story.amount, story.term_months)
        application_id = made["application_id"]
        receipts = self._authorize(borrower, made["asks"], story)
        borrower.submit(application_id)
        lender = self.lenders[made["bank_id"]]
        case = lender.evaluated(application_id)
        told = self._told(story, lender, case, receipts)
        told.packets = self._packets(lender, case)
        told.outcome = lender.decide(case)
        if told.outcome == "APPROVE":
            lender.offer(application_id)
            borrower.accept(application_id)
            told.disbursed_fen = lender.pay_out(application_id, self.business_date)
        return told

    def _authorize(
        self, borrower: Borrower, asks: list[dict[str, Any]], story: Story
    ) -> list[Mapping[str, Any]]:
        receipts = []
        for ask in asks:
            only_one = len(asks) == 1
            if ask["personal"] and not story.own_consent and not only_one:
                borrower.refuse(ask)
            else:
                receipts.append(borrower.authorize(ask)["receipt"])
        return receipts

    def _told(
        self, story: Story, lender: Lender, case: Mapping[str, Any], receipts: list[Any]
    ) -> Told:
        lines: dict[str, int] = {}
        for pull in case["pulls"]:
            for line in pull["lines"]:
                lines[line["status"]] = lines.get(line["status"], 0) + 1
        return Told(
            product_id=story.product_id,
            bank_id=lender.bank_id,
            application_id=case["id"],
            result=case["evaluation"]["result"],
            outcome="",
            reasons=case["evaluation"]["reasons"],
            consented=sum(pull["resources"] for pull in case["pulls"]),
            lines=lines,
            packets=[],
            receipt=receipts[0],
        )

    def _packets(self, lender: Lender, case: Mapping[str, Any]) -> list[Packet]:
        found = []
        for packet in case["packets"]:
            text = lender.fetch(packet["id"])
            lender.confirm(packet["id"], packet["packet_sha256"])
            found.append(
                Packet(
                    id=packet["id"],
                    bank_id=lender.bank_id,
                    pull_id=packet["pull_id"],
                    text=text,
                )
            )
        if len(found) != len(case["pulls"]):
            raise StoryError(f"packets of {case['id']}", "MISSING")
        return found

"""The bank's part: fetch, verify and sign for packets, recommend, decide, offer, pay out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from yidaitong.sandbox.story.checking import Checker
from yidaitong.sandbox.story.client import Party, StoryError, wait_for

API: Final = "/api/bank/v1"
_NOTE: Final = "经核实企业经营正常,资料齐全,同意按所附依据处理。"
_DECLINED_BY_HAND: Final = "MANUAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One sealed packet as the bank fetched it, and whether it verified offline."""

    id: str
    bank_id: str
    verified: bool
    text: str = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Lender:
    """One bank at the platform: a maker and a checker, two different people, its machine, its desk.

    The machine fetches packets, signs for them and reports loans; the people decide.
    """

    maker: Party
    checker: Party
    machine: Party
    desk: Checker

    @property
    def bank_id(self) -> str:
        """Code of the bank."""
        return self.desk.bank_id

    def case(self, application_id: str) -> dict[str, Any]:
        """The case as the bank sees it."""
        found: dict[str, Any] = self.maker.get(f"{API}/applications/{application_id}")
        return found

    def evaluated(self, application_id: str) -> dict[str, Any]:
        """The case once the bank's policy has spoken."""

        def look() -> dict[str, Any] | None:
            case = self.case(application_id)
            return case if case.get("evaluation") else None

        return wait_for(f"evaluation of {application_id}", look)

    def take_packet(self, packet: Mapping[str, Any]) -> Packet:
        """Fetch a packet once its proof is published, verify it, and sign for it."""
        packet_id = packet["id"]

        def look() -> str | None:
            try:
                return self.machine.text(f"{API}/packets/{packet_id}/sealed")
            except StoryError as error:
                if error.code == "EvidenceUnavailable":
                    return None
                raise

        text = wait_for(f"packet {packet_id}", look)
        report = self.desk.check(text, packet["pull_id"])
        if report.packet is not None:
            rx = self.desk.sign_for(packet_id, report.packet.packet_sha256)
            self.machine.post(f"{API}/packets/{packet_id}/acknowledgement", {"rx": rx})
        return Packet(id=packet_id, bank_id=self.bank_id, verified=report.ok, text=text)

    def decide(self, case: Mapping[str, Any]) -> str:
        """Take, recommend and decide one case as its policy result suggests; the outcome."""
        path = f"{API}/applications/{case['id']}"
        self.maker.post(f"{path}/acceptance", {})
        body = recommendation(case)
        proposed = self.maker.post(f"{path}/recommendation", body)
        said = {
            "outcome": body["outcome"],
            "reasons": body["reasons"],
            "note": _NOTE,
            "sha256": proposed["sha256"],
        }
        self.checker.post(f"{path}/decision", said)
        return str(body["outcome"])

    def offer(self, application_id: str) -> None:
        """Send the approved terms to the enterprise."""
        self.maker.post(f"{API}/applications/{application_id}/offer", {})

    def pay_out(self, application_id: str, business_date: str) -> int:
        """Report contract and disbursement; the amount in fen."""
        terms = self.case(application_id)["offer"]
        serial = application_id.replace("-", "").upper()
        common = {
            "application_id": application_id,
            "business_date": business_date,
            "amount": _yuan(terms["amount_fen"]),
        }
        for sign, kind in (("C", "CONTRACT"), ("D", "DISBURSE")):
            event = common | {"serial": f"{sign}{serial}", "kind": kind}
            self.machine.post(f"{API}/loan-events", event)
        return int(terms["amount_fen"])


def recommendation(case: Mapping[str, Any]) -> dict[str, Any]:
    """What a careful maker writes: within the limit, or a refusal with the policy's reasons."""
    found = case["evaluation"]
    limit, rate = found.get("limit_fen"), found.get("rate_bp")
    if found["result"] == "REJECT" or not limit or not rate:
        reasons = [reason["code"] for reason in found["reasons"]] or [_DECLINED_BY_HAND]
        return {"outcome": "DECLINE", "reasons": reasons, "note": _NOTE}
    return {
        "outcome": "APPROVE",
        "amount": _yuan(min(limit, case["amount_fen"])),
        "rate_bp": rate,
        "term_months": case["term_months"],
        "reasons": [],
        "note": _NOTE,
    }


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"

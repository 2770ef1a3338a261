"""The bank's part: fetch and verify packets, recommend, decide, offer, pay out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from yidaitong.sandbox.story.client import Party, StoryError, wait_for

API: Final = "/api/bank/v1"
_NOTE: Final = "经核实企业经营正常,资料齐全,同意按所附依据处理。"


@dataclass(slots=True, kw_only=True)
class Lender:
    """One bank at the platform: a maker and a checker, two different people.

    ``acknowledge`` signs the receipt of a packet text with the bank's own key.
    """

    bank_id: str
    maker: Party
    checker: Party
    acknowledge: Callable[[str], str]

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

    def fetch(self, packet_id: str) -> str:
        """The sealed packet, once its proof is published."""

        def look() -> str | None:
            try:
                return self.maker.text(f"{API}/packets/{packet_id}/sealed")
            except StoryError as error:
                if error.code == "EvidenceUnavailable":
                    return None
                raise

        return wait_for(f"packet {packet_id}", look)

    def confirm(self, packet_id: str, packet_sha256: str) -> None:
        """Acknowledge a packet with the bank's signature."""
        self.maker.post(
            f"{API}/packets/{packet_id}/acknowledgement", {"rx": self.acknowledge(packet_sha256)}
        )

    def decide(self, case: Mapping[str, Any]) -> str:
        """Take, recommend and decide one case as its policy result suggests; the outcome."""
        path = f"{API}/applications/{case['id']}"
        self.maker.post(f"{path}/acceptance", {})
        outcome, body = _recommendation(case)
        self.maker.post(f"{path}/recommendation", body)
        self.checker.post(
            f"{path}/decision",
            {"outcome": outcome, "reasons": body.get("reasons", []), "note": _NOTE},
        )
        return outcome

    def offer(self, application_id: str) -> None:
        """Send the approved terms to the enterprise."""
        self.maker.post(f"{API}/applications/{application_id}/offer", {})

    def pay_out(self, application_id: str, business_date: str) -> int:
        """Report contract and disbursement; the amount in fen."""
        case = self.case(application_id)
        serial = application_id.replace("-", "").upper()
        terms = case["offer"]
        common = {
            "application_id": application_id,
            "business_date": business_date,
            "amount": _yuan(terms["amount_fen"]),
        }
        self.maker.post(f"{API}/loan-events", common | {"serial": f"C{serial}", "kind": "CONTRACT"})
        self.maker.post(f"{API}/loan-events", common | {"serial": f"D{serial}", "kind": "DISBURSE"})
        return int(terms["amount_fen"])


def _recommendation(case: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    found = case["evaluation"]
    limit = found.get("limit_fen")
    if found["result"] == "REJECT" or not limit or not found.get("rate_bp"):
        reasons = [reason["code"] for reason in found["reasons"]] or ["MANUAL"]
        return "DECLINE", {"outcome": "DECLINE", "reasons": reasons, "note": _NOTE}
    return "APPROVE", {
        "outcome": "APPROVE",
        "amount": _yuan(min(limit, case["amount_fen"])),
        "rate_bp": found["rate_bp"],
        "term_months": case["term_months"],
        "reasons": [],
        "note": _NOTE,
    }


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"

"""What a run of stories came to, as one JSON object."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from yidaitong.sandbox.story.teller import Told


def summarise(told: Sequence[Told], console: Mapping[str, Any]) -> dict[str, Any]:
    """Counts of this run beside the console's figures of the whole installation."""
    lines: Counter[str] = Counter()
    for one in told:
        lines.update(one.lines)
    packets = [packet for one in told for packet in one.packets]
    verified = sum(packet.verified for packet in packets)
    consented = sum(one.consented for one in told)
    refusals = [_refusal(one) for one in told if one.result == "REJECT"]
    referrals = [_refusal(one) for one in told if one.result == "REFER"]
    disbursed = [one.disbursed_fen for one in told if one.disbursed_fen]
    return {
        "departments": console["M01"],
        "banks": console["M02"],
        "products": console["M03"],
        "registered": len(told),
        "resources_consented": consented,
        "resources_by_status": dict(sorted(lines.items())),
        "accounted": consented == sum(lines.values()) and "PENDING" not in lines,
        "results": dict(Counter(one.result for one in told)),
        "refusals": refusals,
        "referrals": referrals,
        "disbursements": len(disbursed),
        "disbursed_fen": sum(disbursed),
        "packets_issued": len(packets),
        "packets_verified": verified,
        "packets_all_verified": verified == len(packets) == sum(one.pulls for one in told),
        "console": dict(console),
    }


def _refusal(told: Told) -> dict[str, Any]:
    first = told.reasons[0] if told.reasons else {}
    return {
        "product": told.product_id,
        "outcome": told.outcome,
        "reason": first.get("code"),
        "gap": first.get("gap"),
        "why": first.get("why"),
        "text": first.get("text"),
    }

"""How the API tells cases, pulls, packets and offers: plain JSON, money in fen and in 元."""

from typing import Any

from yidaitong.kernel.money import format_yuan
from yidaitong.lending.queries import ApplicationInFull, Case, CaseInFull, Proposal
from yidaitong.packets.queries import PacketEntry
from yidaitong.pulls.queries import Progress


def yuan(fen: int | None) -> str | None:
    """``123456`` fen as ``1234.56``."""
    return None if fen is None else format_yuan(fen).replace(",", "")


def money(name: str, fen: int | None) -> dict[str, Any]:
    """One amount twice: whole fen, and a decimal string in 元."""
    return {f"{name}_fen": fen, name: yuan(fen)}


def case_line(case: Case) -> dict[str, Any]:
    """One case as lists tell it."""
    return {
        "id": case.id,
        "applicant": case.applicant_name,
        "product_id": case.product_id,
        "state": case.state.value,
        **money("amount", case.amount_fen),
        "term_months": case.term_months,
        "submitted_at": case.submitted_at,
        "result": case.result,
        **money("limit", case.limit_fen),
        "rate_bp": case.rate_bp,
        "main_reason": case.main_reason,
        "due_at": None if case.stage is None else case.stage.due_at,
        "late": case.stage is not None and case.stage.late,
    }


def case_in_full(
    full: CaseInFull, pulls: list[Progress], packets: list[PacketEntry]
) -> dict[str, Any]:
    """One case with everything its bank may see."""
    one = full.application
    return {
        "id": one.id,
        "applicant": {
            "name": one.applicant_name,
            "uscc": one.uscc,
            "district": one.district,
            "industry": one.industry,
            "size": one.size,
        },
        "product_id": one.product_id,
        "product_version": one.product_version,
        "state": one.state.value,
        **money("amount", one.amount_fen),
        "term_months": one.term_months,
        "submitted_at": one.submitted_at,
        "decided_at": one.decided_at,
        "stages": [stage_written(stage) for stage in full.stages],
        "steps": [step_written(step) for step in full.steps],
        "evaluation": evaluation_written(full),
        "recommendation": proposal_written(full.recommendation),
        "waiting": proposal_written(full.waiting),
        "decision": decision_written(full.decision),
        "offer": None if full.offer is None else offer_written(full.offer),
        "loan_id": None if full.loan is None else full.loan.id,
        "pulls": [pull_written(pull) for pull in pulls],
        "packets": [packet_written(packet) for packet in packets],
    }


def stage_written(stage: Any) -> dict[str, Any]:
    """One promise of the service clock."""
    return {
        "code": stage.target.code,
        "due_at": stage.due_at,
        "ended_at": stage.ended_at,
        "elapsed_seconds": stage.elapsed,
        "late": stage.late,
        "paused": stage.paused,
    }


def step_written(step: Any) -> dict[str, Any]:
    """One step of the case's life."""
    return {
        "event": step.event.value,
        "state": step.state.value,
        "at": step.at,
        "side": step.realm.value,
        "note": step.note,
    }


def evaluation_written(full: ApplicationInFull) -> dict[str, Any] | None:
    """What the policy said, with the trace while it can be opened."""
    found = full.evaluation
    if found is None:
        return None
    told = {} if full.explanation is None else {one.id: one for one in full.explanation.reasons}
    return {
        "at": found.at,
        "engine": found.engine,
        "policy_sha256": found.policy_sha256,
        "packets": found.packets,
        "result": found.result,
        "main_reason": found.main_reason,
        **money("limit", found.limit_fen),
        "rate_bp": found.rate_bp,
        **money("exposure", found.exposure_fen),
        "record_sha256": found.record_sha256,
        "reasons": [_reason(code, told.get(code)) for code in found.reasons],
        "trace": full.trace,
    }


def _reason(code: str, told: Any) -> dict[str, Any]:
    words = None if told is None else told.text
    return {
        "code": code,
        "zh": None if words is None else words.zh,
        "en": None if words is None else words.en,
    }


def proposal_written(proposal: Proposal | None) -> dict[str, Any] | None:
    """What was proposed, byte for byte, and what became of it."""
    if proposal is None:
        return None
    command = proposal.command
    return {
        "kind": command.kind.value,
        "state": command.state.value,
        "sha256": command.sha256,
        "body": dict(proposal.body),
        "made_at": command.made_at,
        "maker_person_id": command.maker_person_id,
        "checked_at": command.checked_at,
        "checker_person_id": command.checker_person_id,
        "check_note": proposal.check_note,
    }


def decision_written(decision: Any) -> dict[str, Any] | None:
    """The final decision."""
    if decision is None:
        return None
    return {
        "outcome": decision.outcome.value,
        "reasons": decision.reasons,
        **money("amount", decision.amount_fen),
        "rate_bp": decision.rate_bp,
        "term_months": decision.term_months,
        "command_sha256": decision.command_sha256,
        "at": decision.at,
    }


def offer_written(offer: Any) -> dict[str, Any]:
    """One offer; ``digest`` is what the enterprise signs."""
    return {
        "id": offer.id,
        "application_id": offer.application_id,
        "state": offer.state.value,
        **money("amount", offer.amount_fen),
        "rate_bp": offer.rate_bp,
        "term_months": offer.term_months,
        "digest": offer.digest,
        "made_at": offer.made_at,
        "ends_at": offer.ends_at,
    }


def pull_written(pull: Progress) -> dict[str, Any]:
    """One pull and its lines; nothing of the answers."""
    return {
        "id": pull.pull_id,
        "chain_id": pull.chain_id,
        "application_id": pull.application_id,
        "personal": pull.personal,
        "state": pull.state.value,
        "held": pull.held,
        "released_at": pull.released_at,
        "expires_at": pull.expires_at,
        "lines": [
            {
                "resource": line.resource,
                "status": line.status.value,
                "outcome": None if line.outcome is None else line.outcome.value,
                "why": line.why,
                "as_of": line.as_of,
                "attempt": line.attempt,
            }
            for line in pull.lines
        ],
    }


def packet_written(packet: PacketEntry) -> dict[str, Any]:
    """One packet without its content."""
    return {
        "id": packet.packet_id,
        "pull_id": packet.pull_id,
        "chain_id": packet.chain_id,
        "application_id": packet.application_id,
        "personal": packet.personal,
        "purpose": packet.purpose,
        "product_id": packet.product_id,
        "state": packet.state.value,
        "complete": packet.complete,
        "packet_sha256": packet.packet_sha256,
        "issued_at": packet.issued_at,
        "fetch_before": packet.fetch_before,
        "erase_due_at": packet.erase_due_at,
        "fetched_at": packet.fetched_at,
        "acked_at": packet.acked_at,
    }

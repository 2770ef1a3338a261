"""Screening: collect what the enterprise authorized, then let the bank's policy speak."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select

from consent.errors import ConsentError
from consent.events import sha256_b64u
from consent.lifecycle import ConsentState
from yidaitong import audit
from yidaitong.authorizations import queries as authorizations
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import evaluations, steps
from yidaitong.lending.errors import LimitExceededError, NotEvaluatedError, PolicyRejectedError
from yidaitong.lending.facts import EXPOSURE, Bundle, merged, platform_facts
from yidaitong.lending.lifecycle import ApplicationState
from yidaitong.lending.models import Application, Evaluation
from yidaitong.packets import queries as packets
from yidaitong.products import policy
from yidaitong.products import queries as products
from yidaitong.products.policy import Fact, Result
from yidaitong.pulls import authorising
from yidaitong.pulls import queries as pulls
from yidaitong.pulls.lifecycle import UNRELEASED, PullState
from yidaitong.pulls.orders import PullOrder

_log = structlog.get_logger(__name__)

# Before a decision an application may be evaluated again when another packet comes.
_UNDECIDED: Final = frozenset(
    {
        ApplicationState.SUBMITTED,
        ApplicationState.ACCEPTED,
        ApplicationState.IN_REVIEW,
        ApplicationState.NEED_INFO,
        ApplicationState.PENDING_CHECK,
        ApplicationState.RETURNED,
    }
)
_RUNNING: Final = UNRELEASED | {PullState.RECEIVED}


def start_pulls(uow: UnitOfWork, application_id: UUID) -> list[UUID]:
    """Begin one pull under each active consent of a submitted application; ids of the pulls.

    The system acts on the bank's standing order. Safe to repeat: one key, one pull. A consent
    that ended meanwhile is left out; what cannot be served now is tried again by the job.

    Raises:
        NotFoundError: no such application.
        SourceNotReadyError: a department cannot serve this now.
        EvidenceUnavailableError: evidence cannot be written now.
    """
    application = steps.found(uow, application_id)
    if application.state not in _UNDECIDED:
        return []
    begun = []
    for chain in authorizations.chains_of_application(uow, application_id):
        if chain.state is not ConsentState.ACTIVE:
            continue
        key = f"application:{application_id}:{chain.chain_id}"
        try:
            with uow.session.begin_nested():
                begun.append(_begin(uow, chain.chain_id, key))
        except ConsentError as error:
            if error.retryable:
                raise
            _log.warning("application.pull_refused", chain=str(chain.chain_id), code=error.code)
    return begun


def _begin(uow: UnitOfWork, chain_id: UUID, key: str) -> UUID:
    return authorising.authorise(uow, PullOrder(chain_id=chain_id, idempotency_key=key)).id


def evaluate(uow: UnitOfWork, application_id: UUID) -> Evaluation | None:
    """Run the policy once all pulls have ended; None while they have not, or after a decision.

    The policy version is the application's. Safe to repeat: the same packets are evaluated once.

    Raises:
        NotFoundError: no such application.
    """
    application = steps.locked(uow, application_id)
    if application.state not in _UNDECIDED:
        return None
    begun = pulls.pulls_of_application(uow, application_id)
    if not begun or any(pull.state in _RUNNING for pull in begun):
        return None
    material = _material(uow, application)
    if material is None:
        return None
    return evaluate_material(uow, application, material)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What is evaluated: bundles of facts, the main consent's first, and the packets' hashes."""

    bundles: Sequence[Bundle]
    packets: Sequence[str]


def _material(uow: UnitOfWork, application: Application) -> Material | None:
    """None where no consent is living: there is nothing to evaluate and no key to seal with."""
    chains = authorizations.chains_of_application(uow, application.id)
    if not chains or chains[0].state in {ConsentState.REVOKED, ConsentState.VOIDED}:
        return None
    contents = packets.contents_of_application(uow, application.id)
    bundles = {chains[0].chain_id: Bundle(chain_id=chains[0].chain_id, facts={})}
    for content in contents:
        bundles[content.chain_id] = Bundle(
            chain_id=content.chain_id, facts=policy.facts_of(content.derived)
        )
    return Material(
        bundles=list(bundles.values()),
        packets=sorted(content.packet_sha256 for content in contents),
    )


def evaluate_material(uow: UnitOfWork, application: Application, material: Material) -> Evaluation:
    """Evaluate what was collected and keep the record; the same material is evaluated once."""
    version = products.version_of(uow, application.product_id, application.product_version)
    input_sha256 = _input_sha256(application, version.sha256, material.packets)
    known = uow.session.scalar(
        select(Evaluation).where(
            Evaluation.application_id == application.id, Evaluation.input_sha256 == input_sha256
        )
    )
    if known is not None:
        return known
    inputs = merged(material.bundles, platform_facts(uow, application))
    outcome = policy.evaluate(products.policy_of(version), inputs)
    evaluation = _row(uow, application, outcome, inputs)
    evaluation.policy_sha256 = version.sha256
    evaluation.packets = list(material.packets)
    evaluation.input_sha256 = input_sha256
    evaluation.record_sha256 = evaluations.record_sha256(evaluation, outcome.trace, inputs)
    evaluations.keep(uow, evaluation, outcome.trace, material.bundles)
    application.evaluation_id = evaluation.id
    audit.record(
        uow,
        "application.evaluate",
        object_type="application",
        object_id=application.id,
        result=outcome.result,
        record=evaluation.record_sha256,
    )
    uow.session.flush()
    return evaluation


def _row(
    uow: UnitOfWork,
    application: Application,
    outcome: policy.Evaluation,
    inputs: Mapping[str, Fact],
) -> Evaluation:
    owed = inputs[EXPOSURE].value
    return Evaluation(
        id=uuid7(),
        application_id=application.id,
        enterprise_id=application.enterprise_id,
        bank_id=application.bank_id,
        at=uow.now,
        engine=policy.ENGINE,
        product_version=application.product_version,
        policy_sha256="",
        packets=[],
        result=outcome.result.value,
        main_reason=outcome.main_reason,
        reasons=[reason.id for reason in outcome.reasons],
        limit_fen=outcome.limit_fen,
        rate_bp=outcome.rate_bp,
        exposure_fen=owed if isinstance(owed, int) else 0,
        input_sha256="",
        record_sha256="",
    )


def _input_sha256(application: Application, policy_sha256: str, hashes: Sequence[str]) -> str:
    return sha256_b64u(
        evaluations.canonical(
            {
                "application_id": str(application.id),
                "amount_fen": application.amount_fen,
                "term_months": application.term_months,
                "policy_sha256": policy_sha256,
                "packets": list(hashes),
            }
        )
    )


def outcome_now(uow: UnitOfWork, application: Application) -> policy.Evaluation:
    """The same policy over the same facts, with what the enterprise owes by now.

    Raises:
        NotEvaluatedError: there is no evaluation.
        DataGoneError: the consent was withdrawn, so nothing can be approved on its data.
    """
    evaluation = evaluations.newest_of(uow, application)
    if evaluation is None:
        raise NotEvaluatedError(f"application {application.id}")
    version = products.version_of(uow, application.product_id, application.product_version)
    inputs = merged(evaluations.facts_of(uow, evaluation), platform_facts(uow, application))
    return policy.evaluate(products.policy_of(version), inputs)


def check_limit(uow: UnitOfWork, application: Application, amount_fen: int) -> policy.Evaluation:
    """Whether ``amount_fen`` may be approved now; lock the exposure first to rely on it.

    Raises:
        NotEvaluatedError: there is no evaluation.
        DataGoneError: the consent was withdrawn.
        PolicyRejectedError: the policy rejects the case; nobody overrides that.
        LimitExceededError: the amount is above the policy's limit.
    """
    outcome = outcome_now(uow, application)
    if outcome.result is Result.REJECT:
        stored = evaluations.newest_of(uow, application)
        if stored is not None and stored.result != Result.REJECT:
            # It passed when it was evaluated: what the enterprise owes has grown.
            raise LimitExceededError(f"application {application.id}")
        raise PolicyRejectedError(f"application {application.id}")
    if outcome.limit_fen is not None and amount_fen > outcome.limit_fen:
        raise LimitExceededError(f"application {application.id}", limit_fen=outcome.limit_fen)
    return outcome

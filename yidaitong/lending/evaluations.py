"""Keeping and reading evaluations: what came under a consent is sealed under that consent's key."""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any
from uuid import UUID

from sqlalchemy import select

from consent.events import sha256_b64u
from yidaitong.kernel.crypto.box import DekKind, Place
from yidaitong.kernel.errors import DataGoneError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.facts import EXPOSURE, Bundle, fact_json, fact_of
from yidaitong.lending.models import Application, Evaluation, EvaluationPart
from yidaitong.products import policy
from yidaitong.products.policy import Fact

_TABLE = EvaluationPart.__tablename__
# What a trace says about a value: hidden where the value belongs to another consent.
_TELLING = ("v", "gap")


def canonical(value: Mapping[str, Any]) -> bytes:
    """One fixed text of plain JSON (sorted; RFC 8785 cannot write amounts beyond 2^53 fen)."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str
    ).encode()


def newest_of(uow: UnitOfWork, application: Application) -> Evaluation | None:
    """The newest evaluation of an application the actor may see."""
    if application.evaluation_id is None:
        return None
    return uow.session.get(Evaluation, application.evaluation_id)


def keep(
    uow: UnitOfWork,
    evaluation: Evaluation,
    trace: Mapping[str, Any],
    bundles: Sequence[Bundle],
) -> None:
    """Store an evaluation and, for each consent, its facts and its share of the trace."""
    uow.session.add(evaluation)
    uow.session.flush()
    main, *others = bundles
    shown = deepcopy(dict(trace))
    for other in others:
        hidden = _take_out(shown, set(other.facts) - set(main.facts))
        _keep_part(uow, evaluation, other, {"rules": hidden})
    _keep_part(uow, evaluation, main, {"trace": shown})


def _take_out(trace: dict[str, Any], items: set[str]) -> dict[str, Any]:
    """Remove from ``trace`` what tells the values of ``items``; what was removed, by rule."""
    hidden: dict[str, Any] = {}
    for rule in trace["rules"]:
        if rule["item"] in items:
            hidden[rule["id"]] = {name: rule.pop(name) for name in _TELLING if name in rule}
    for reason in trace["reasons"]:
        if reason["id"] in hidden:
            reason.pop("gap", None)
    return hidden


def _keep_part(
    uow: UnitOfWork, evaluation: Evaluation, bundle: Bundle, share: Mapping[str, Any]
) -> None:
    part_id = uuid7()
    facts = {name: fact_json(fact) for name, fact in bundle.facts.items()}
    plain = canonical({"facts": facts, **share})
    uow.session.add(
        EvaluationPart(
            id=part_id,
            evaluation_id=evaluation.id,
            enterprise_id=evaluation.enterprise_id,
            bank_id=evaluation.bank_id,
            chain_id=bundle.chain_id,
            main="trace" in share,
            sealed=uow.crypto.seal(uow.session, _place(bundle.chain_id, part_id), plain),
        )
    )
    uow.session.flush()


def trace_of(uow: UnitOfWork, evaluation: Evaluation) -> dict[str, Any] | None:
    """The trace as far as it can still be opened; None once its consent was withdrawn."""
    trace: dict[str, Any] | None = None
    hidden: dict[str, Any] = {}
    for part in _parts(uow, evaluation):
        plain = _opened(uow, part)
        if plain is None:
            continue
        trace = plain.get("trace", trace)
        hidden |= plain.get("rules", {})
    if trace is None:
        return None
    for rule in trace["rules"]:
        rule.update(hidden.get(rule["id"], {}))
        rule.setdefault("v", None)
    for reason in trace["reasons"]:
        gap = hidden.get(reason["id"], {}).get("gap")
        if gap is not None:
            reason["gap"] = gap
    return trace


def facts_of(uow: UnitOfWork, evaluation: Evaluation) -> list[Bundle]:
    """The facts an evaluation was made of; the representative's own only while they consent.

    Raises:
        DataGoneError: the enterprise's consent was withdrawn.
    """
    bundles = []
    for part in _parts(uow, evaluation):
        plain = _opened(uow, part)
        if plain is None:
            if part.main:
                raise DataGoneError(f"evaluation {evaluation.id}")
            continue
        facts = {name: fact_of(stored) for name, stored in plain["facts"].items()}
        bundles.append(Bundle(chain_id=part.chain_id, facts=facts))
    return bundles


def _parts(uow: UnitOfWork, evaluation: Evaluation) -> Sequence[EvaluationPart]:
    query = select(EvaluationPart).where(EvaluationPart.evaluation_id == evaluation.id)
    return uow.session.scalars(query.order_by(EvaluationPart.id)).all()


def _opened(uow: UnitOfWork, part: EvaluationPart) -> dict[str, Any] | None:
    try:
        plain = uow.crypto.open(uow.session, _place(part.chain_id, part.id), part.sealed)
    except DataGoneError:
        return None
    found: dict[str, Any] = json.loads(plain)
    return found


def _place(chain_id: UUID, part_id: UUID) -> Place:
    return Place(
        kind=DekKind.DATA, owner_id=chain_id, table=_TABLE, column="sealed", row_id=part_id
    )


def record_sha256(
    evaluation: Evaluation, trace: Mapping[str, Any], inputs: Mapping[str, Fact]
) -> str:
    """Hash of the whole record; replaying policy and inputs gives it again."""
    record = {
        "application_id": str(evaluation.application_id),
        "product_version": evaluation.product_version,
        "policy_sha256": evaluation.policy_sha256,
        "packets": evaluation.packets,
        "engine": policy.ENGINE,
        "result": evaluation.result,
        "exposure_fen": inputs[EXPOSURE].value,
        "trace": trace,
    }
    return sha256_b64u(canonical(record))

"""Evaluating a policy: all rules, the table, limit and rate, and a trace that replays exactly."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from yidaitong.products.policy.arithmetic import Node, Scope, compute
from yidaitong.products.policy.facts import Fact, Why
from yidaitong.products.policy.grammar import (
    LIMIT,
    LMIN,
    RATE,
    TABLE,
    Call,
    Expr,
    Fn,
    OnFail,
    Policy,
    Rule,
)
from yidaitong.products.policy.logic import Truth, assess, assess_row, gap

# Wire format: append only. A change of meaning is a new version; decisions name theirs.
ENGINE: Final = "ydt-policy/1"
_ABSENT: Final = Fact()
NO_ROW: Final = "NO_ROW"
SEVERAL_ROWS: Final = "SEVERAL_ROWS"


# Wire format: append only.
class Result(StrEnum):
    """What a policy says."""

    PASS = "PASS"  # noqa: S105 - a result, not a password
    REFER = "REFER"
    REJECT = "REJECT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why the result is not PASS: a rule, or LMIN, TABLE, LIMIT, RATE."""

    id: str
    truth: Truth
    gap: int | None = None
    why: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The reason in the trace."""
        told: dict[str, Any] = {"id": self.id, "r": self.truth.value}
        if self.gap is not None:
            told["gap"] = self.gap
        if self.why is not None:
            told["why"] = self.why
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The outcome of one evaluation. ``limit_fen`` of a REFER is indicative: for the bank only.

    ``trace`` is plain JSON and holds everything that led here.
    """

    result: Result
    reasons: tuple[Reason, ...]
    limit_fen: int | None
    rate_bp: int | None
    trace: dict[str, Any] = field(repr=False)

    @property
    def main_reason(self) -> str | None:
        """The first reason; None for PASS."""
        return self.reasons[0].id if self.reasons else None

    def trace_bytes(self) -> bytes:
        """The trace as one fixed text: a replay gives the same bytes.

        Plain sorted JSON: RFC 8785 cannot write amounts beyond 2^53 fen.
        """
        return json.dumps(
            self.trace, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()


@dataclass(frozen=True, slots=True)
class _Pricing:
    """Table, limit and rate; ``reasons`` are those of them that are UNKNOWN."""

    limit: int | None
    rate: int | None
    reasons: tuple[Reason, ...]
    trace: dict[str, Any]


def evaluate(policy: Policy, inputs: Mapping[str, Fact]) -> Evaluation:
    """Run ``policy`` over ``inputs``. Same policy and inputs, same result, for ever."""
    scope = Scope(inputs)
    rules, rejecting, referring = _rules(policy, scope)
    trace: dict[str, Any] = {
        "engine": ENGINE,
        "product": policy.product,
        "policy_sha256": policy.sha256,
        "rules": rules,
    }
    if rejecting:
        return _outcome(Result.REJECT, rejecting, None, trace)
    pricing = _price(policy, scope)
    trace |= pricing.trace
    if pricing.limit is not None and pricing.limit < policy.min_limit_fen:
        small = Reason(id=LMIN, truth=Truth.FAIL, gap=policy.min_limit_fen - pricing.limit)
        return _outcome(Result.REJECT, (small,), None, trace)
    reasons = (*referring, *pricing.reasons)
    return _outcome(Result.REFER if reasons else Result.PASS, reasons, pricing, trace)


def _outcome(
    result: Result, reasons: tuple[Reason, ...], pricing: _Pricing | None, trace: dict[str, Any]
) -> Evaluation:
    limit = None if pricing is None else pricing.limit
    rate = None if pricing is None else pricing.rate
    trace["result"] = result.value
    trace["reasons"] = [reason.as_json() for reason in reasons]
    trace["limit_fen"] = limit
    trace["rate_bp"] = rate
    return Evaluation(result=result, reasons=reasons, limit_fen=limit, rate_bp=rate, trace=trace)


def _rules(
    policy: Policy, scope: Scope
) -> tuple[list[dict[str, Any]], tuple[Reason, ...], tuple[Reason, ...]]:
    """Every rule in order; those that reject; those that make a person look."""
    traces: list[dict[str, Any]] = []
    rejecting: list[Reason] = []
    referring: list[Reason] = []
    for rule in policy.rules:
        reason, trace = _rule(rule, scope)
        traces.append(trace)
        if reason is None:
            continue
        if reason.truth is Truth.FAIL and rule.on_fail is OnFail.REJECT:
            rejecting.append(reason)
        else:
            referring.append(reason)
    return traces, tuple(rejecting), tuple(referring)


def _rule(rule: Rule, scope: Scope) -> tuple[Reason | None, dict[str, Any]]:
    condition = rule.condition
    truth, value, target, why = assess(condition, scope)
    fact = scope.facts.get(condition.item, _ABSENT)
    trace: dict[str, Any] = {
        "id": rule.id,
        "r": truth._value_,
        "item": condition.item,
        "v": value,
        "op": condition.op._value_,
        "t": list(target) if isinstance(target, tuple) else target,
        "on_fail": rule.on_fail._value_,
        "as_of": None if fact.as_of is None else fact.as_of.isoformat(),
        "source": fact.source,
        "formula_version": fact.formula_version,
    }
    if truth is Truth.PASS:
        return None, trace
    if why is not None:
        trace["why"] = why.value
        return Reason(id=rule.id, truth=truth, why=why.value), trace
    missing = gap(condition.op, value, target)
    if missing is not None:
        trace["gap"] = missing
    return Reason(id=rule.id, truth=truth, gap=missing), trace


def _price(policy: Policy, scope: Scope) -> _Pricing:
    hit, why = _hit(policy, scope)
    if hit is None:
        table = Reason(id=TABLE, truth=Truth.UNKNOWN, why=why)
        missed = {"table": {"hit": None, "why": why}, "limit": None, "rate": None}
        return _Pricing(None, None, (table,), missed)
    outputs = policy.rows[hit].then
    inner = scope.with_outputs(outputs)
    limit, rate = compute(policy.limit, inner), compute(policy.rate, inner)
    at_least_zero = None if limit.value is None else max(0, limit.value)
    trace: dict[str, Any] = {
        "table": {"hit": hit, "then": dict(outputs)},
        "limit": {
            "v": at_least_zero,
            "min": policy.min_limit_fen,
            "node": limit.trace,
            "binding": _binding(policy.limit, limit.trace),
        },
        "rate": {"v": rate.value, "node": rate.trace},
    }
    reasons = tuple(_unknown(((LIMIT, limit), (RATE, rate))))
    return _Pricing(at_least_zero, rate.value, reasons, trace)


def _unknown(nodes: tuple[tuple[str, Node], ...]) -> Iterator[Reason]:
    for name, node in nodes:
        if node.why is not None:
            yield Reason(id=name, truth=Truth.UNKNOWN, why=node.why.value)


def _hit(policy: Policy, scope: Scope) -> tuple[int | None, str | None]:
    """The one row that is hit, or None and why there is not exactly one."""
    hits: list[int] = []
    unknown: Why | None = None
    for index, row in enumerate(policy.rows):
        truth, why = assess_row(row, scope)
        if truth is Truth.PASS:
            hits.append(index)
        unknown = unknown or why
    if unknown is not None:
        return None, unknown.value
    if len(hits) != 1:
        return None, SEVERAL_ROWS if hits else NO_ROW
    return hits[0], None


def _binding(expr: Expr, trace: Mapping[str, Any]) -> dict[str, Any] | None:
    """Which argument of the outer ``min`` decided; None without one, or while it is UNKNOWN."""
    if not isinstance(expr, Call):
        return None
    if expr.fn is Fn.MIN:
        values = [arg["v"] if "v" in arg else arg["int"] for arg in trace["args"]]
        if None in values:
            return None
        index = values.index(min(values))
        return {"arg": index, "v": values[index]}
    found = (_binding(arg, of) for arg, of in zip(expr.args, trace["args"], strict=True))
    return next((one for one in found if one is not None), None)

"""Test cases of a version: base facts, changes and the result each must give."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from yidaitong.departments.items import ITEMS
from yidaitong.kernel import strictjson
from yidaitong.products.errors import InvalidTrialsError
from yidaitong.products.policy import Evaluation, Fact, Policy, Result, evaluate

LEAST: Final = 20
MOST: Final = 200
_MAX_BYTES: Final = 256 * 1024
_EXPECTED: Final = ("result", "limit_fen", "rate_bp", "reasons")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One case; a change to None makes an item UNKNOWN. ``reasons`` are the ids in order."""

    id: str
    title: str
    changes: Mapping[str, Any]
    result: Result
    limit_fen: int | None
    rate_bp: int | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """All cases of one version over the same base facts."""

    base: Mapping[str, Any]
    cases: tuple[Trial, ...]
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What one case gave."""

    trial: Trial
    evaluation: Evaluation

    @property
    def passed(self) -> bool:
        """Whether it gave exactly what was expected."""
        given, wanted = self.evaluation, self.trial
        return (
            given.result is wanted.result
            and given.limit_fen == wanted.limit_fen
            and given.rate_bp == wanted.rate_bp
            and tuple(reason.id for reason in given.reasons) == wanted.reasons
        )


def read_trials(source: str | Mapping[str, Any]) -> Trials:
    """The cases written in ``source``: ``{"base": {item: value}, "cases": [...]}``.

    Raises:
        InvalidTrialsError: not JSON, unknown members or items, or ids used twice.
    """
    document = _document(source)
    try:
        base = _facts(document["base"])
        cases = tuple(_trial(case) for case in document["cases"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidTrialsError("trials", fields={"trials": "NOT_VALID"}) from error
    if len({case.id for case in cases}) != len(cases) or len(cases) > MOST:
        raise InvalidTrialsError("trials", fields={"trials": "REPEATED"})
    return Trials(base=base, cases=cases, document=document)


def run(policy: Policy, trials: Trials) -> list[Tried]:
    """Every case, evaluated."""
    return [
        Tried(trial=case, evaluation=evaluate(policy, _given(trials, case)))
        for case in trials.cases
    ]


def _given(trials: Trials, case: Trial) -> dict[str, Fact]:
    return {name: Fact(value=value) for name, value in {**trials.base, **case.changes}.items()}


def _document(source: str | Mapping[str, Any]) -> dict[str, Any]:
    try:
        text = source if isinstance(source, str) else json.dumps(dict(source), ensure_ascii=False)
        return strictjson.parse_object(text.encode(), max_bytes=_MAX_BYTES)
    except (strictjson.StrictJsonError, TypeError, ValueError, RecursionError) as error:
        raise InvalidTrialsError("trials", fields={"trials": "NOT_JSON"}) from error


def _facts(given: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = [name for name in given if name not in ITEMS]
    if unknown:
        raise ValueError(unknown[0])
    return given


def _trial(case: Mapping[str, Any]) -> Trial:
    expected = case["expect"]
    if set(case) - {"id", "title", "changes", "expect"} or set(expected) - set(_EXPECTED):
        raise ValueError("members")
    limit, rate = expected.get("limit_fen"), expected.get("rate_bp")
    if not all(value is None or isinstance(value, int) for value in (limit, rate)):
        raise TypeError("limit")
    return Trial(
        id=str(case["id"])[:16],
        title=str(case.get("title", ""))[:200],
        changes=_facts(case.get("changes", {})),
        result=Result(expected["result"]),
        limit_fen=limit,
        rate_bp=rate,
        reasons=tuple(str(reason) for reason in expected.get("reasons", [])),
    )

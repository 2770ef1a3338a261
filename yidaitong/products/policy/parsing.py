"""From a text to a checked policy: every static check, every limit, every mistake by its place."""

import json
from collections.abc import Mapping
from typing import Any

import rfc8785

from consent.events import sha256_b64u
from yidaitong.kernel import strictjson
from yidaitong.products.policy.conditions import read_condition
from yidaitong.products.policy.expressions import ExpressionReader
from yidaitong.products.policy.grammar import (
    MAX_BYTES,
    MAX_CONDITIONS,
    MAX_OUTPUTS,
    MAX_ROWS,
    MAX_RULES,
    RESERVED,
    Condition,
    Expr,
    OnFail,
    Policy,
    Row,
    Rule,
    items_of,
)
from yidaitong.products.policy.problems import Flaw, InvalidPolicyError, Problem
from yidaitong.products.policy.reading import OUTPUT_NAME, PRODUCT, RULE_ID, Place, is_integer

_KEYS = ("product", "min_limit_fen", "rules", "tables", "limit", "rate")
# Deeper texts are refused before anything is read: two levels of JSON for each of twelve calls.
_MAX_NESTING = 40
_FLAWS: Mapping[strictjson.Flaw, Flaw] = {
    strictjson.Flaw.SIZE: Flaw.SIZE,
    strictjson.Flaw.ENCODING: Flaw.ENCODING,
    strictjson.Flaw.SYNTAX: Flaw.SYNTAX,
    strictjson.Flaw.DEPTH: Flaw.NESTING,
    strictjson.Flaw.DUPLICATE: Flaw.DUPLICATE,
    strictjson.Flaw.NUMBER: Flaw.NUMBER,
}


def parse(source: str | bytes | Mapping[str, Any]) -> Policy:
    """The policy written in ``source``: a JSON text, or what such a text holds.

    Raises:
        InvalidPolicyError: with every mistake and its place.
    """
    document = _document(source)
    place = Place(document)
    policy = _policy(place)
    if policy is None:
        raise InvalidPolicyError(place.problems)
    return policy


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes a policy is hashed as (RFC 8785)."""
    return rfc8785.dumps(dict(document))


def _document(source: str | bytes | Mapping[str, Any]) -> Any:
    try:
        return strictjson.parse(_raw(source), max_bytes=MAX_BYTES, max_depth=_MAX_NESTING)
    except strictjson.StrictJsonError as error:
        raise InvalidPolicyError([Problem("$", _FLAWS[error.flaw])]) from error


def _raw(source: str | bytes | Mapping[str, Any]) -> bytes:
    """Whatever arrives is read as the text it would be sent as, so there is one set of checks."""
    try:
        if isinstance(source, Mapping):
            source = json.dumps(dict(source), ensure_ascii=False)
        return source.encode() if isinstance(source, str) else source
    except UnicodeEncodeError:
        raise strictjson.StrictJsonError(strictjson.Flaw.ENCODING) from None
    except RecursionError:
        raise strictjson.StrictJsonError(strictjson.Flaw.DEPTH) from None
    except (TypeError, ValueError):
        raise strictjson.StrictJsonError(strictjson.Flaw.SYNTAX) from None


def _policy(place: Place) -> Policy | None:
    if not place.has(_KEYS):
        return None
    product = place.member("product").name(PRODUCT)
    least = place.member("min_limit_fen")
    if not is_integer(least.value):
        least.flaw(Flaw.NOT_INTEGER)
    elif least.value < 0:
        least.flaw(Flaw.NEGATIVE)
    rules = _rules(place.member("rules"))
    rows = _rows(place.member("tables"))
    expressions = ExpressionReader(frozenset(rows[0].then) if rows else frozenset())
    limit = expressions.read(place.member("limit"))
    rate = expressions.read(place.member("rate"))
    if place.problems:
        return None
    return Policy(
        product=product,
        min_limit_fen=least.value,
        rules=tuple(rules),
        rows=tuple(rows),
        limit=limit,
        rate=rate,
        sha256=sha256_b64u(canonical(place.value)),
        items=_items(rules, rows, (limit, rate)),
        document=place.value,
    )


def _items(rules: list[Rule], rows: list[Row], outputs: tuple[Expr, ...]) -> tuple[str, ...]:
    """Everything the policy names, once, in the order it is first named."""
    conditions = [rule.condition for rule in rules]
    conditions += [condition for row in rows for condition in row.when]
    named: list[str] = []
    for condition in conditions:
        named.append(condition.item)
        if condition.expr is not None:
            named.extend(items_of(condition.expr))
    for expr in outputs:
        named.extend(items_of(expr))
    return tuple(dict.fromkeys(named))


def _rules(place: Place) -> list[Rule]:
    found: list[Rule] = []
    seen: set[str] = set()
    for one in place.elements(1, MAX_RULES):
        if not one.has(("id", "item", "op"), ("value", "expr", "on_fail")):
            continue
        name = one.member("id")
        rule_id = name.name(RULE_ID)
        if rule_id in seen:
            name.flaw(Flaw.REPEATED)
        if rule_id in RESERVED:
            name.flaw(Flaw.RESERVED)
        seen.add(rule_id)
        condition = read_condition(one, with_expr=True)
        on_fail = _on_fail(one)
        if condition is not None and on_fail is not None:
            found.append(Rule(id=rule_id, condition=condition, on_fail=on_fail))
    return found


def _on_fail(place: Place) -> OnFail | None:
    value = place.value.get("on_fail", OnFail.REJECT.value)
    if isinstance(value, str) and value in {one.value for one in OnFail}:
        return OnFail(value)
    place.member("on_fail").flaw(Flaw.ON_FAIL)
    return None


def _rows(place: Place) -> list[Row]:
    found = [
        Row(when=_when(one.member("when")), then=_then(one.member("then")))
        for one in place.elements(1, MAX_ROWS)
        if one.has(("when", "then"))
    ]
    names = {frozenset(row.then) for row in found}
    if len(names) > 1:
        place.flaw(Flaw.OUTPUTS)
    return found


def _when(place: Place) -> tuple[Condition, ...]:
    found = [
        read_condition(one, with_expr=False)
        for one in place.elements(1, MAX_CONDITIONS)
        if one.has(("item", "op"), ("value",))
    ]
    return tuple(condition for condition in found if condition is not None)


def _then(place: Place) -> dict[str, int]:
    if not isinstance(place.value, dict):
        place.flaw(Flaw.NOT_OBJECT)
        return {}
    if not 1 <= len(place.value) <= MAX_OUTPUTS:
        place.flaw(Flaw.COUNT)
        return {}
    for name, value in place.value.items():
        if OUTPUT_NAME.fullmatch(name) is None:
            place.member(name).flaw(Flaw.NAME)
        elif not is_integer(value):
            place.member(name).flaw(Flaw.NOT_INTEGER)
    return dict(place.value)

"""Two thousand generated policies: the same result always, bounded, and doubt never passes."""

import json
from collections.abc import Iterator, Mapping
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.products.policy.generated import Maker
from yidaitong.products.policy import Evaluation, Fact, Policy, Result, Truth, evaluate, parse
from yidaitong.products.policy.grammar import OnFail, items_of

MAX_TRACE = 1_000_000


def named_by_rejecting_rules(policy: Policy) -> Iterator[str]:
    for rule in policy.rules:
        if rule.on_fail is OnFail.REJECT:
            yield rule.condition.item
            if rule.condition.expr is not None:
                yield from items_of(rule.condition.expr)


def is_unknown(given: Mapping[str, Fact], name: str) -> bool:
    return name not in given or given[name].value is None


def agrees(policy: Policy, found: Evaluation) -> bool:
    """The result follows from the reasons alone."""
    on_fail = {rule.id: rule.on_fail for rule in policy.rules}
    rejected = [
        one
        for one in found.reasons
        if one.truth is Truth.FAIL and on_fail.get(one.id, OnFail.REJECT) is OnFail.REJECT
    ]
    if rejected:
        return found.result is Result.REJECT and found.limit_fen is None
    return found.result is (Result.REFER if found.reasons else Result.PASS)


@pytest.mark.promise("T16")
@settings(max_examples=2000, deadline=None, derandomize=True)
@given(st.integers(0, 2**64))
def test_deterministic_bounded_and_doubt_never_passes(seed: int) -> None:
    maker = Maker(Random(seed))  # noqa: S311 - made-up policies
    policy = maker.policy()
    given = maker.facts(policy)

    found = evaluate(policy, given)

    assert found.trace_bytes() == evaluate(parse(policy.document), dict(given)).trace_bytes()
    assert json.loads(found.trace_bytes()) == found.trace
    assert len(found.trace_bytes()) < MAX_TRACE
    assert agrees(policy, found)
    if any(is_unknown(given, name) for name in named_by_rejecting_rules(policy)):
        assert found.result is not Result.PASS
    if found.result is Result.PASS:
        assert found.limit_fen is not None
        assert policy.min_limit_fen <= found.limit_fen <= 10**18
        assert found.rate_bp is not None


def test_the_generator_reaches_every_result() -> None:
    makers = [Maker(Random(seed)) for seed in range(300)]  # noqa: S311 - as above
    made = [(maker, maker.policy()) for maker in makers]

    results = {evaluate(policy, maker.facts(policy)).result for maker, policy in made}

    assert results == set(Result)

"""The policy engine: parse, evaluate, explain; pure functions without database, clock or I/O."""

from yidaitong.products.policy.evaluating import ENGINE, Evaluation, Reason, Result, evaluate
from yidaitong.products.policy.facts import Fact, FactLike, Why, facts_of
from yidaitong.products.policy.grammar import Policy
from yidaitong.products.policy.logic import Truth
from yidaitong.products.policy.parsing import canonical, parse
from yidaitong.products.policy.problems import Flaw, InvalidPolicyError, Problem
from yidaitong.products.policy.scope import department_items, items, resources

__all__ = [
    "ENGINE",
    "Evaluation",
    "Fact",
    "FactLike",
    "Flaw",
    "InvalidPolicyError",
    "Policy",
    "Problem",
    "Reason",
    "Result",
    "Truth",
    "Why",
    "canonical",
    "department_items",
    "evaluate",
    "facts_of",
    "items",
    "parse",
    "resources",
]

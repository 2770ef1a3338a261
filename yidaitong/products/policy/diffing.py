"""What changed from one version of a policy to the next, as a civil servant reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from yidaitong.kernel.text import Text
from yidaitong.products.policy.grammar import LIMIT, LMIN, RATE, TABLE, Expr, OnFail, Policy, Rule
from yidaitong.products.policy.labels import item_text, yuan_text
from yidaitong.products.policy.scope import items
from yidaitong.products.policy.wording import (
    condition_text,
    limit_text,
    outputs_text,
    rate_text,
    row_text,
    rule_text,
    threshold_text,
)

_ORDER: Final = "ORDER"
_SCOPE: Final = "SCOPE"


# Wire format: append only.
class ChangeKind(StrEnum):
    """What happened to one part of a policy."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    CHANGED = "CHANGED"

    @property
    def text(self) -> Text:
        """Words for people."""
        return _KINDS[self]


_KINDS: Final = {
    ChangeKind.ADDED: Text("新增", "Added"),
    ChangeKind.REMOVED: Text("删除", "Removed"),
    ChangeKind.CHANGED: Text("修改", "Changed"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change; ``part`` is a rule's id or a code of this module or of ``comparing``."""

    part: str
    kind: ChangeKind
    text: Text

    @property
    def name(self) -> Text:
        """What changed, in words; a rule goes by its id."""
        return PARTS.get(self.part, Text(self.part, self.part))


PARTS: Final = {
    LMIN: Text("额度起点", "Least amount"),
    TABLE: Text("定价表", "Pricing table"),
    LIMIT: Text("额度", "Limit"),
    RATE: Text("利率", "Rate"),
    _ORDER: Text("规则顺序", "Order of rules"),
    _SCOPE: Text("查询数据", "Data asked for"),
    "NAME": Text("名称", "Name"),
    "SUMMARY": Text("简介", "Summary"),
    "AUDIENCE": Text("适用对象", "For whom"),
    "CAP": Text("最高额度", "Largest amount"),
    "RATE_RANGE": Text("利率区间", "Range of rates"),
    "TERM_RANGE": Text("期限区间", "Range of terms"),
    "REPAYMENT": Text("还款方式", "Repayment"),
    "FEES": Text("年费用", "Yearly fees"),
    "CONFIDENTIAL": Text("保密门槛", "Confidential thresholds"),
}


def diff(old: Policy, new: Policy) -> list[Change]:
    """Every change from ``old`` to ``new``, in reading order; empty when they mean the same."""
    return [
        *_rules(old, new),
        *_order(old, new),
        *_rows(old, new),
        *changed(LMIN, yuan_text(old.min_limit_fen), yuan_text(new.min_limit_fen)),
        *_computed(LIMIT, (old.limit, limit_text(old)), (new.limit, limit_text(new))),
        *_computed(RATE, (old.rate, rate_text(old)), (new.rate, rate_text(new))),
        *_scope(old, new),
    ]


def _rules(old: Policy, new: Policy) -> Iterator[Change]:
    before, after = {rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}
    for name, rule in before.items():
        if name not in after:
            yield Change(name, ChangeKind.REMOVED, rule_text(rule))
        elif rule != after[name]:
            yield Change(name, ChangeKind.CHANGED, _rule_change(rule, after[name]))
    for name, rule in after.items():
        if name not in before:
            yield Change(name, ChangeKind.ADDED, rule_text(rule))


def _rule_change(old: Rule, new: Rule) -> Text:
    """Only the threshold where nothing else changed: ``A4: 5,000.00 → 8,000.00 元``."""
    one, other = old.condition, new.condition
    same_words = (one.item, one.op, old.on_fail) == (other.item, other.op, new.on_fail)
    if same_words:
        name = item_text(one.item)
        change = _arrow(threshold_text(one), threshold_text(other))
        return Text(f"{name.zh} {change.zh}", f"{name.en} {change.en}")
    if one == other:
        words = condition_text(one)
        change = _arrow(_OUTCOMES[old.on_fail], _OUTCOMES[new.on_fail])
        return Text(f"{words.zh}:{change.zh}", f"{words.en}: {change.en}")
    return _arrow(rule_text(old), rule_text(new))


_OUTCOMES: Final = {
    OnFail.REJECT: Text("不予准入", "rejected"),
    OnFail.REFER: Text("转人工审核", "a person looks"),
}


def _order(old: Policy, new: Policy) -> Iterator[Change]:
    """Order decides which reason is the main one."""
    before, after = [rule.id for rule in old.rules], [rule.id for rule in new.rules]
    kept_before = [name for name in before if name in after]
    kept_after = [name for name in after if name in before]
    yield from changed(_ORDER, *(_plain(" ".join(kept)) for kept in (kept_before, kept_after)))


def _rows(old: Policy, new: Policy) -> Iterator[Change]:
    before = {row.when: row for row in old.rows}
    after = {row.when: row for row in new.rows}
    for when, row in before.items():
        if when not in after:
            yield Change(TABLE, ChangeKind.REMOVED, row_text(row))
        elif row.then != after[when].then:
            change = _arrow(row_text(row), outputs_text(after[when]))
            yield Change(TABLE, ChangeKind.CHANGED, change)
    for when, row in after.items():
        if when not in before:
            yield Change(TABLE, ChangeKind.ADDED, row_text(row))


def _scope(old: Policy, new: Policy) -> Iterator[Change]:
    """Items that must newly be authorized, or no longer."""
    before, after = items(old), items(new)
    for name in before:
        if name not in after:
            yield Change(_SCOPE, ChangeKind.REMOVED, item_text(name))
    for name in after:
        if name not in before:
            yield Change(_SCOPE, ChangeKind.ADDED, item_text(name))


def _computed(part: str, old: tuple[Expr, Text], new: tuple[Expr, Text]) -> Iterator[Change]:
    """Two formulas may differ only in where they round: then the words are the same."""
    if old[0] != new[0]:
        yield Change(part, ChangeKind.CHANGED, _arrow(old[1], new[1]))


def changed(part: str, old: Text, new: Text) -> Iterator[Change]:
    """One change where the words differ, else none."""
    if old != new:
        yield Change(part, ChangeKind.CHANGED, _arrow(old, new))


def _arrow(old: Text, new: Text) -> Text:
    return Text(f"{old.zh} → {new.zh}", f"{old.en} → {new.en}")


def _plain(words: str) -> Text:
    return Text(words, words)

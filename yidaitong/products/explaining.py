"""Explaining a result to the enterprise: rule, your value, threshold, gap, source, date, advice."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yidaitong.departments.items import ITEMS, Why
from yidaitong.departments.registry import DEPARTMENTS, RESOURCES
from yidaitong.kernel.text import Text
from yidaitong.products.policy import Policy, Truth
from yidaitong.products.policy.evaluating import NO_ROW, SEVERAL_ROWS
from yidaitong.products.policy.grammar import LIMIT, LMIN, RATE, TABLE, OnFail, Op
from yidaitong.products.policy.labels import item_text, value_text, yuan_text
from yidaitong.products.policy.wording import target_text

_WHY: Final[Mapping[str, Text]] = {
    Why.MISSING: Text("没有数据", "no data"),
    Why.TYPE: Text("数据格式有误", "malformed data"),
    Why.OVERFLOW: Text("数值超出范围", "a value out of range"),
    Why.UNAVAILABLE: Text("数据来源暂不可用", "the source did not answer"),
    Why.STALE: Text("数据已过期", "the data is too old"),
    Why.MISMATCH: Text("来源中的企业信息不一致", "the source holds another identity"),
    Why.PARTIAL: Text("数据不完整", "incomplete data"),
    Why.NO_CONSENT: Text("未获授权", "not authorized"),
    Why.BAD_ANSWER: Text("来源答复未通过校验", "the answer failed verification"),
    NO_ROW: Text("未命中定价表", "no row of the table fits"),
    SEVERAL_ROWS: Text("命中多行定价表", "several rows of the table fit"),
}
_OUTCOMES: Final = {
    LMIN: Text("可贷额度", "The limit"),
    TABLE: Text("定价表", "The pricing table"),
    LIMIT: Text("可贷额度", "The limit"),
    RATE: Text("利率", "The rate"),
}
_DEMANDS: Final = {
    Op.EQ: Text("要求为", "required:"),
    Op.NE: Text("要求不为", "required: other than"),
    Op.GT: Text("要求大于", "required: more than"),
    Op.GE: Text("要求不低于", "required: at least"),
    Op.LT: Text("要求小于", "required: less than"),
    Op.LE: Text("要求不超过", "required: at most"),
    Op.BETWEEN: Text("要求介于", "required: between"),
    Op.IN: Text("要求属于", "required: one of"),
    Op.NOT_IN: Text("要求不属于", "required: none of"),
    Op.IS_TRUE: Text("要求为“是”", "required: yes"),
    Op.IS_FALSE: Text("要求为“否”", "required: no"),
}
_PLATFORM: Final = {
    "app": Text("本次申请", "this application"),
    "exp": Text("一贷通平台", "the platform"),
}
_OBJECT: Final = Text(
    "对数据有异议可一键提出,20日内答复。",
    "You may object to the data with one click and are answered within 20 days.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One reason in parts and as a sentence; ``threshold`` and ``gap`` are None if confidential."""

    id: str
    truth: Truth
    item: str | None
    name: Text
    value: Text | None
    threshold: Text | None
    gap: Text | None
    source: Text | None
    as_of: str | None
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Every reason, the main one first, and what the enterprise may do."""

    reasons: tuple[Told, ...]
    advice: Text


def explain(
    policy: Policy,
    trace: Mapping[str, Any],
    *,
    others: Sequence[Text] = (),
    confidential: Collection[str] = (),
) -> Explanation:
    """Why a result is not PASS, from the trace of its evaluation alone.

    ``others`` are names of products worth trying next. Of a rule in ``confidential`` the item and
    the value are told, the threshold is not.
    """
    rules = {rule["id"]: rule for rule in trace["rules"]}
    told = tuple(
        _rule(rules[reason["id"]], hidden=reason["id"] in confidential)
        if reason["id"] in rules
        else _outcome(policy, reason)
        for reason in trace["reasons"]
    )
    return Explanation(reasons=told, advice=_advice(others))


# A rule that refers refuses nobody: a person looks.
_LEADS = {
    OnFail.REJECT: Text("未通过", "Not met"),
    OnFail.REFER: Text("需人工审核", "A person decides"),
}


def why_text(code: str | None) -> Text:
    """Why a fact is UNKNOWN, for people."""
    return _WHY.get(code or "", _WHY[Why.MISSING])


def source_text(item: str) -> Text:
    """Who says so: the department, or the platform itself."""
    resource = ITEMS[item].resource
    if resource is None:
        return _PLATFORM[item.split(".", 1)[0]]
    return DEPARTMENTS[RESOURCES[resource].department].text


def _rule(rule: Mapping[str, Any], *, hidden: bool) -> Told:
    item, truth = str(rule["item"]), Truth(rule["r"])
    value = value_text(item, rule["v"])
    unknown = truth is Truth.UNKNOWN
    threshold = None if hidden or unknown else _threshold(item, Op(rule["op"]), rule["t"])
    gap = None if hidden or "gap" not in rule else value_text(item, abs(rule["gap"]))
    source = source_text(item)
    lead = _LEADS[OnFail(rule["on_fail"])]
    sentence = _unknown(item, rule) if unknown else _failed(lead, item, value, (threshold, gap))
    return Told(
        id=str(rule["id"]),
        truth=truth,
        item=item,
        name=item_text(item),
        value=None if unknown and rule["v"] is None else value,
        threshold=threshold,
        gap=gap,
        source=source,
        as_of=rule["as_of"],
        text=_with_source(sentence, source, rule["as_of"]),
    )


def _threshold(item: str, op: Op, target: Any) -> Text:
    demand = _DEMANDS[op]
    if target is None:
        return demand
    words = target_text(item, op, target)
    return Text(f"{demand.zh} {words.zh}", f"{demand.en} {words.en}")


def _failed(lead: Text, item: str, value: Text, short: tuple[Text | None, Text | None]) -> Text:
    (threshold, gap), name = short, item_text(item)
    zh, en = f"{lead.zh}:{name.zh} {value.zh}", f"{lead.en}: {name.en} {value.en}"
    if threshold is None:
        return Text(f"{zh},未达到银行要求", f"{en}, short of what the bank requires")
    zh, en = f"{zh},{threshold.zh}", f"{en}, {threshold.en}"
    if gap is None:
        return Text(zh, en)
    return Text(f"{zh},相差 {gap.zh}", f"{en}, a difference of {gap.en}")


def _unknown(item: str, rule: Mapping[str, Any]) -> Text:
    name, why = item_text(item), why_text(rule.get("why"))
    if rule["v"] is None:
        return Text(
            f"待人工核实:{name.zh}({why.zh})", f"A person will verify: {name.en} ({why.en})"
        )
    return Text(
        f"待人工核实:{name.zh} 的比较依据({why.zh})",
        f"A person will verify: what {name.en} is compared with ({why.en})",
    )


def _outcome(policy: Policy, reason: Mapping[str, Any]) -> Told:
    """Limit too small, or table, limit or rate that cannot be computed."""
    name = _OUTCOMES[reason["id"]]
    value = threshold = gap = None
    if reason["id"] == LMIN:
        value = yuan_text(policy.min_limit_fen - reason["gap"])
        least, gap = yuan_text(policy.min_limit_fen), yuan_text(reason["gap"])
        threshold = Text(f"产品起点 {least.zh}", f"the product starts at {least.en}")
        text = Text(
            f"未通过:按规则测算的可贷额度 {value.zh},{threshold.zh},相差 {gap.zh}",
            f"Not met: the computed limit is {value.en}, {threshold.en}, a difference of {gap.en}",
        )
    else:
        why = why_text(reason.get("why"))
        text = Text(
            f"待人工核定:{name.zh}暂无法测算({why.zh})",
            f"A person will decide: {name.en} cannot be computed ({why.en})",
        )
    return Told(
        id=str(reason["id"]),
        truth=Truth(reason["r"]),
        item=None,
        name=name,
        value=value,
        threshold=threshold,
        gap=gap,
        source=None,
        as_of=None,
        text=Text(f"{text.zh}。", f"{text.en}."),
    )


def _with_source(sentence: Text, source: Text, as_of: str | None) -> Text:
    if as_of is None:
        return Text(f"{sentence.zh};数据来源:{source.zh}。", f"{sentence.en}; source: {source.en}.")
    return Text(
        f"{sentence.zh};数据来源:{source.zh},截至{as_of}。",
        f"{sentence.en}; source: {source.en}, as of {as_of}.",
    )


def _advice(others: Sequence[Text]) -> Text:
    if not others:
        return _OBJECT
    zh = "、".join(one.zh for one in others)
    en = ", ".join(one.en for one in others)
    return Text(f"可申请:{zh}。{_OBJECT.zh}", f"You may try: {en}. {_OBJECT.en}")

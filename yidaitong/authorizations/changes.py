"""What an amendment changes, in words: found by machine between two exact bodies."""

from collections.abc import Mapping, Sequence
from typing import Any

from consent.artefact import ConsentArtefact, parse_at
from consent.differences import Difference, differences
from yidaitong.departments.items import ITEMS
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.clock import SHANGHAI
from yidaitong.kernel.text import Text

_ADDED = Text("新增查询：{what}", "Asked from now on: {what}")
_DROPPED = Text("不再查询：{what}", "Not asked any more: {what}")
_CHANGED = Text("调整查询：{what}", "Asked differently: {what}")
_RESOURCE = Text("{resource}（{items}{range}）", "{resource} ({items}{range})")
_RANGE = Text("，{from_on}至{to_on}（不含）", ", from {from_on} until before {to_on}")
_MOVED = Text("{name}：由{before}改为{after}", "{name}: from {before} to {after}")
_OTHER = Text("{name}有变更", "{name} changes")
_NAMES: Mapping[str, Text] = {
    "expires_at": Text("有效期至", "Valid until"),
    "frequency": Text("查询次数上限", "Most calls of each"),
    "total_quota": Text("查询总次数", "Calls in all"),
    "product": Text("产品规则版本", "Version of the product's rules"),
    "data_life": Text("银行保存天数", "Days the bank keeps it"),
    "template_id": Text("授权文本", "Text of the authorization"),
    "template_rev_sha256": Text("授权文本修订", "Revision of the text"),
    "purpose": Text("用途表述", "Wording of the purpose"),
    "mode": Text("使用方式", "Way of use"),
    "controller": Text("使用银行", "Receiving bank"),
}


def changes(old: ConsentArtefact, new: ConsentArtefact) -> list[Text]:
    """One sentence a change, Chinese and English, in the order of the artefact."""
    return [Text(_said(one, "zh-CN"), _said(one, "en")) for one in differences(old, new)]


def _said(one: Difference, language: str) -> str:
    if one.member == "datasets":
        return _dataset(one, language)
    name = _NAMES.get(one.member, Text(one.member, one.member)).pick(language)
    before, after = _value(one.member, one.before), _value(one.member, one.after)
    if before is None or after is None:
        return _OTHER.pick(language).format(name=name)
    return _MOVED.pick(language).format(name=name, before=before, after=after)


def _dataset(one: Difference, language: str) -> str:
    if one.after is None:
        return _DROPPED.pick(language).format(what=_resource(one.before, language))
    sentence = _ADDED if one.before is None else _CHANGED
    return sentence.pick(language).format(what=_resource(one.after, language))


def _resource(dataset: Mapping[str, Any], language: str) -> str:
    comma = ", " if language.startswith("en") else "、"
    names: Sequence[str] = [ITEMS[item].text.pick(language) for item in dataset["items"]]
    span = dataset["range"]
    return _RESOURCE.pick(language).format(
        resource=RESOURCES[dataset["resource"]].text.pick(language),
        items=comma.join(names),
        range="" if span is None else _RANGE.pick(language).format(**span),
    )


def _value(member: str, value: Any) -> str | None:
    """A value as people read it; None where only its change can be said."""
    match member, value:
        case "expires_at", str():
            return parse_at(value).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        case (("frequency" | "data_life"), {"n": int(n)}):
            return str(n)
        case "product", {"policy_version": int(version)}:
            return str(version)
        case "total_quota", int():
            return str(value)
        case _:
            return None

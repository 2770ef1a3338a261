"""The exact words people are shown before they sign, in Chinese and English, with all items.

Sentences follow yidaitong/docs/consent.md; a change of wording is a new revision of its template.
"""

from dataclasses import dataclass
from datetime import datetime

from consent.artefact import ConsentArtefact, Dataset
from consent.events import sha256_b64u
from yidaitong.authorizations import post_loan_text
from yidaitong.authorizations.purposes import Purpose
from yidaitong.departments.items import ITEMS
from yidaitong.departments.queries import department_of
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.clock import SHANGHAI
from yidaitong.kernel.text import Text

LANGUAGES = ("zh-CN", "en")
PERSONAL_SUFFIX = "-personal"

ENTERPRISE = Text(
    "企业信息查询授权书\n"
    "\n"
    "本企业{name}（统一社会信用代码{uscc}）授权{platform}平台：为“{purpose}”，"
    "在{starts}至{ends}（北京时间）期间，向以下部门查询以下信息，仅提供给{bank}{branch}：\n"
    "{lines}\n"
    "银行保存至{keep}。可随时在“我的授权”撤回，撤回后立即停止查询，"
    "已提供的信息按约定期限删除。{consequences}"
    "不同意则无法办理本产品，不影响其他服务。贷后查询、补偿追偿须另行授权。\n"
    "文本版本{version}，摘要{digest}。\n",
    "Authorization to query information of an enterprise\n"
    "\n"
    "{name} (unified social credit code {uscc}) authorizes the platform {platform}: for "
    "“{purpose}”, from {starts} to {ends} (Beijing time), to ask the departments below for the "
    "information below, and to hand it to {bank} {branch} only:\n"
    "{lines}\n"
    "The bank keeps it for {keep}. You can withdraw at any time under “My authorizations”: "
    "queries stop at once and what was handed over is deleted within the agreed time. "
    "{consequences} If you do not agree, this product is not available; no other service is "
    "affected. Post-loan queries and claims need an authorization of their own.\n"
    "Version {version} of this text, digest {digest}.\n",
)
PERSONAL = Text(
    "法定代表人个人信息单独同意书\n"
    "\n"
    "本人{name}作为{company}法定代表人，单独同意{platform}平台为“{purpose}”，"
    "在{starts}至{ends}（北京时间）期间，向以下部门查询以下信息：\n"
    "{lines}\n"
    "平台用本人身份证件信息计算周岁年龄，仅向{bank}提供年龄数字，不提供证件号码和手机号。"
    "银行保存至{keep}。可随时撤回；撤回后相关产品转人工审核或无法办理。"
    "不同意不影响企业授权的效力。\n"
    "文本版本{version}，摘要{digest}。\n",
    "Separate consent of the legal representative\n"
    "\n"
    "I, {name}, legal representative of {company}, separately agree that the platform "
    "{platform}, for “{purpose}”, from {starts} to {ends} (Beijing time), asks the departments "
    "below for the information below:\n"
    "{lines}\n"
    "The platform uses my identity document to compute my age in whole years and gives {bank} "
    "the number only, never the number of the document nor of my phone. The bank keeps it for "
    "{keep}. I can withdraw at any time; the product is then decided by a person or not "
    "available. Refusing does not affect the enterprise's authorization.\n"
    "Version {version} of this text, digest {digest}.\n",
)
INDIVIDUAL = Text(
    "个体工商户经营者信息查询授权书\n"
    "\n"
    "本人{name}作为{company}（统一社会信用代码{uscc}）经营者，同意{platform}平台："
    "为“{purpose}”，在{starts}至{ends}（北京时间）期间，向以下部门查询以下信息，"
    "仅提供给{bank}{branch}：\n"
    "{lines}\n"
    "以上均为本人个人信息；年龄仅提供数字，不提供证件号码和手机号。银行保存至{keep}。"
    "可随时在“我的授权”撤回，撤回后立即停止查询，已提供的信息按约定期限删除。{consequences}"
    "不同意则无法办理本产品，不影响其他服务。贷后查询、补偿追偿须另行授权。\n"
    "文本版本{version}，摘要{digest}。\n",
    "Authorization of the owner of an individual business\n"
    "\n"
    "I, {name}, owner of {company} (unified social credit code {uscc}), agree that the platform "
    "{platform}, for “{purpose}”, from {starts} to {ends} (Beijing time), asks the departments "
    "below for the information below and hands it to {bank} {branch} only:\n"
    "{lines}\n"
    "All of this is my personal information; of my age only the number is given, never the "
    "number of my document nor of my phone. The bank keeps it for {keep}. I can withdraw at any "
    "time under “My authorizations”: queries stop at once and what was handed over is deleted "
    "within the agreed time. {consequences} If I do not agree, this product is not available; "
    "no other service is affected. Post-loan queries and claims need an authorization of their "
    "own.\n"
    "Version {version} of this text, digest {digest}.\n",
)
VERSION = 1

CONSEQUENCES = Text(
    "撤回后停止取数，已取数据7日内删除；本次申请可能无法继续。",
    "After withdrawal no more data is fetched and fetched data is deleted within 7 days; "
    "this application may not go on.",
)

# Stands before the text of an amendment.
CHANGES = Text(
    "授权变更（与现行授权的差异，由系统比对生成）\n{lines}\n\n变更后的完整授权如下。\n\n",
    "Change of an authorization (found by comparing it with the present one)\n{lines}\n\n"
    "The whole authorization after the change reads as follows.\n\n",
)

_LINE = Text(
    "{n}. {department}：{resource}（{items}），{range}，{calls}；",
    "{n}. {department}: {resource} ({items}), {range}, {calls};",
)
_PRESENT = Text("现状", "present state")
_RANGE = Text("{from_on}至{to_on}（不含）", "from {from_on} until before {to_on}")
_UNITS = {
    "HOUR": Text("每小时", "an hour"),
    "DAY": Text("每日", "a day"),
    "WEEK": Text("每周", "a week"),
    "MONTH": Text("每月", "a month"),
    "YEAR": Text("每年", "a year"),
    "LIFE": Text("期间", "in this period"),
}
_CALLS = Text("{unit}最多{n}次", "at most {n} times {unit}")
_KEEP = Text("提供后{n}日", "{n} days after it was handed over")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blanks:
    """What fills the text besides the artefact: names of whoever signs and receives."""

    template: Text
    name: str
    company: str
    uscc: str
    platform: str
    bank: str
    branch: str
    purpose: Text


def template_for(purpose: str, *, person: bool, companion: bool = False) -> Text:
    """The words for this purpose and kind of principal; a companion goes with an enterprise's."""
    if companion:
        return PERSONAL
    if purpose == Purpose.POST_LOAN:
        return post_loan_text.INDIVIDUAL if person else post_loan_text.ENTERPRISE
    return INDIVIDUAL if person else ENTERPRISE


def consequences_of(purpose: str) -> Text:
    """What withdrawing leads to."""
    return post_loan_text.CONSEQUENCES if purpose == Purpose.POST_LOAN else CONSEQUENCES


def revision_sha256(template: Text) -> str:
    """Hash of one revision of a template, both languages."""
    return sha256_b64u(f"{template.zh}\n---\n{template.en}".encode())


def render(artefact: ConsentArtefact, blanks: Blanks, language: str) -> str:
    """The text of one draft in ``language``; the same draft always gives the same text."""
    starts_at, ends_at = artefact.validity
    template = blanks.template
    return template.pick(language).format(
        name=blanks.name,
        company=blanks.company,
        uscc=blanks.uscc,
        platform=blanks.platform,
        bank=blanks.bank,
        branch=blanks.branch,
        purpose=blanks.purpose.pick(language),
        starts=_minute(starts_at),
        ends=_minute(ends_at),
        lines="\n".join(lines(artefact, language)),
        keep=_KEEP.pick(language).format(n=artefact.data_life.n),
        consequences=consequences_of(artefact.purpose.code).pick(language),
        version=VERSION,
        digest=revision_sha256(template),
    )


def lines(artefact: ConsentArtefact, language: str) -> list[str]:
    """One line a resource: department, items, look-back, number of calls."""
    calls = _CALLS.pick(language).format(
        unit=_UNITS[artefact.frequency.unit].pick(language), n=artefact.frequency.n
    )
    return [
        _line(n, dataset, calls, language) for n, dataset in enumerate(artefact.datasets, start=1)
    ]


def _line(n: int, dataset: Dataset, calls: str, language: str) -> str:
    comma = ", " if language.startswith("en") else "、"
    return _LINE.pick(language).format(
        n=n,
        department=department_of(dataset.resource).text.pick(language),
        resource=RESOURCES[dataset.resource].text.pick(language),
        items=comma.join(ITEMS[item].text.pick(language) for item in dataset.items),
        range=_range(dataset, language),
        calls=calls,
    )


def _range(dataset: Dataset, language: str) -> str:
    if dataset.range is None:
        return _PRESENT.pick(language)
    return _RANGE.pick(language).format(from_on=dataset.range.from_on, to_on=dataset.range.to_on)


def _minute(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")

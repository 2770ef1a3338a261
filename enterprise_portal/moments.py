"""Events of a consent in words for its owner: what happened, who did it, whether to worry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from consent.service import EventType
from yidaitong.authorizations.queries import Moment
from yidaitong.departments.queries import department_of
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.text import Text

_E = EventType
# What an owner wants to see; steps of the machinery in between stay in the receipts.
_WORDS: Final[Mapping[str, tuple[Text, str]]] = {
    _E.REQUEST_MADE: (Text("提出授权请求", "Asked"), "quiet"),
    _E.REQUEST_SIGNED: (Text("签署", "Signed"), "wait"),
    _E.REQUEST_NARROWED: (Text("缩小请求范围", "Asked for less"), "quiet"),
    _E.REQUEST_SIGNATURE_DROPPED: (Text("签名失效", "A signature no longer counts"), "warn"),
    _E.REQUEST_DENIED: (Text("拒绝授权", "Refused"), "bad"),
    _E.REQUEST_LAPSED: (Text("逾期未签", "Lapsed unsigned"), "quiet"),
    _E.REQUEST_CANCELLED: (Text("请求取消", "Request cancelled"), "quiet"),
    _E.CONSENT_GRANTED: (Text("授权生效", "Granted"), "good"),
    _E.CONSENT_PAUSED: (Text("暂停授权", "Paused"), "warn"),
    _E.CONSENT_RESUMED: (Text("恢复授权", "Resumed"), "good"),
    _E.CONSENT_SUSPENDED: (Text("平台中止", "Suspended by the platform"), "warn"),
    _E.CONSENT_RESTORED: (Text("恢复", "Restored"), "good"),
    _E.CONSENT_REVOKED: (Text("撤回授权", "Withdrawn"), "bad"),
    _E.CONSENT_USE_WITHDRAWN: (Text("撤回使用授权", "Use withdrawn"), "bad"),
    _E.CONSENT_EXPIRED: (Text("授权到期或目的达成", "Ended: time or purpose reached"), "quiet"),
    _E.CONSENT_EXHAUSTED: (Text("次数用完", "Used up"), "quiet"),
    _E.CONSENT_ACTIVATED: (Text("开始生效", "In force from now"), "good"),
    _E.CONSENT_RENEW_OFFERED: (Text("临近到期,可续期", "Ends soon, may be renewed"), "wait"),
    _E.CONSENT_SUPERSEDED: (Text("授权更新", "Replaced by a new version"), "quiet"),
    _E.CONSENT_VOIDED: (Text("认定自始无效", "Declared void"), "bad"),
    _E.CONSENT_VOID_FOUND: (Text("认定自始无效", "Found to be void"), "bad"),
    _E.PULL_AUTHORISED: (Text("开始一次调取", "A pull began"), "wait"),
    _E.PULL_LINE_SENT: (Text("向部门查询", "A department was asked"), "wait"),
    _E.PULL_DONE: (Text("调取完成", "The pull is complete"), "good"),
    _E.PULL_FAILED: (Text("调取失败", "The pull failed"), "warn"),
    _E.PULL_CANCELLED: (Text("调取取消", "The pull was cancelled"), "warn"),
    _E.PACKET_ISSUED: (Text("数据包签发给银行", "A packet was issued to the bank"), "good"),
    _E.PACKET_FETCHED: (Text("银行取走数据包", "The bank fetched the packet"), "good"),
    _E.PACKET_ACKED: (Text("银行签收数据包", "The bank acknowledged the packet"), "good"),
    _E.PACKET_LAPSED: (Text("数据包逾期未取,已作废", "The packet lapsed unfetched"), "quiet"),
    _E.PACKET_WITHDRAWN: (Text("数据包撤回", "The packet was withdrawn"), "warn"),
    _E.PACKET_DISPUTED: (Text("银行对数据包提出异议", "The bank disputes the packet"), "warn"),
    _E.COPY_OPENED: (Text("银行保存副本", "The bank keeps a copy"), "wait"),
    _E.COPY_ERASE_DUE: (Text("要求银行删除副本", "The bank must erase its copy"), "wait"),
    _E.COPY_ERASED: (Text("银行确认删除副本", "The bank erased its copy"), "good"),
    _E.COPY_HELD: (Text("银行依法留存副本", "The bank keeps its copy by law"), "warn"),
    _E.COPY_HOLD_LIFTED: (Text("依法留存结束", "The legal hold ended"), "wait"),
    _E.PACKET_DISPUTE_RESOLVED: (Text("异议已处理", "The dispute was resolved"), "quiet"),
    _E.COPY_OVERDUE: (Text("银行逾期未删除副本", "The bank is late in erasing"), "bad"),
    _E.KEY_DESTROYED: (Text("数据密钥销毁", "The data key was destroyed"), "good"),
    _E.ACCESS_VIEWED: (Text("政务人员查看档案", "An official viewed the file"), "warn"),
}
ROLES: Final[Mapping[str, Text]] = {
    "LEGAL_REP": Text("法定代表人", "Legal representative"),
    "AGENT": Text("经办人", "Agent"),
    "SELF": Text("本人", "Yourself"),
    "BANK": Text("银行", "Bank"),
    "CENTRE": Text("服务中心", "Service centre"),
    "AUDITOR": Text("审计", "Auditor"),
    "OPERATOR": Text("平台运维", "Platform operator"),
    "SYSTEM": Text("平台", "Platform"),
}
# Seeing somebody else's data: what the "who saw what" list is made of.
SEEN: Final = frozenset(
    {
        _E.PULL_LINE_SENT,
        _E.PACKET_ISSUED,
        _E.PACKET_FETCHED,
        _E.PACKET_ACKED,
        _E.COPY_OPENED,
        _E.ACCESS_VIEWED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event as the wallet tells it; ``subject`` is the resource it is about, if any."""

    type: str
    at: datetime
    words: Text
    tone: str
    role: Text
    department: Text | None
    subject: Text | None
    detail: str
    entry_id: int


def told(moments: Iterable[Moment]) -> list[Told]:
    """The events an owner cares about, newest first."""
    known = [_one(moment) for moment in moments if moment.type in _WORDS]
    return sorted(known, key=lambda one: one.entry_id, reverse=True)


def _one(moment: Moment) -> Told:
    event = moment.event
    words, tone = _WORDS[moment.type]
    resource = event.get("resource")
    known = resource if resource in RESOURCES else None
    return Told(
        type=moment.type,
        at=moment.at,
        words=words,
        tone=tone,
        role=ROLES.get(str(event.get("actor_role")), Text("平台", "Platform")),
        department=department_of(known).text if known else None,
        subject=RESOURCES[known].text if known else None,
        detail=_detail(event),
        entry_id=moment.entry_id,
    )


def _detail(event: Mapping[str, Any]) -> str:
    found = [event.get(name) for name in ("what", "purpose", "reason") if event.get(name)]
    return " · ".join(str(value) for value in found)

"""Orders as people read them: what they are about, what they do, and how a form becomes one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from consent import service
from consent.ledger.gauge import Backlog
from consent.lifecycle import CONSENT_LABELS, state_at
from consent.models import Chain
from yidaitong.accounts.scope import as_system
from yidaitong.authorizations import clocks, keks, revisions
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.order_kinds import OrderKind
from yidaitong.authorizations.orders import REASONS, Propose
from yidaitong.enterprises.models import Enterprise, Mandate
from yidaitong.kernel.clock import SHANGHAI
from yidaitong.kernel.crypto.keks.keyring import Version
from yidaitong.kernel.errors import InvalidRequestError, NotFoundError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork

TEMPLATE_IDS = tuple(sorted(revisions.TEMPLATES))

EFFECTS: Mapping[OrderKind, Text] = {
    OrderKind.SUSPEND: Text(
        "立即生效：不再取数,不再放行,银行不能领取;企业、银行可见中止原因。可由两人复核后恢复。",
        "At once nothing is asked, released or fetched under it; the enterprise and the bank see "
        "why. Two persons can lift it again.",
    ),
    OrderKind.RESTORE: Text(
        "立即恢复:在途调取继续,有效期不顺延。",
        "At once it goes on: what is in flight continues; its end does not move.",
    ),
    OrderKind.VOID: Text(
        "不可撤销:授权自始无效,在途调取取消,平台数据密钥销毁,银行须在24小时内删除已领取的数据,"
        "每次放行都列入存证并报告监管。",
        "Cannot be undone: it never had force. What is in flight is cancelled, our data keys are "
        "destroyed, banks must erase within 24 hours, and every release is listed and reported.",
    ),
    OrderKind.INVALIDATE_MANDATE: Text(
        "不可撤销:该委托自始无效,经办人立即不能办理业务;依赖该签名的授权同时认定自始无效。",
        "Cannot be undone: the mandate never had force, its agent can do nothing any more, and "
        "every consent whose quorum stands on it is void.",
    ),
    OrderKind.RESET_QUORUM: Text(
        "立即把签署人数改为所填人数。",
        "The number of signatures becomes the one given, at once.",
    ),
    OrderKind.REVISE_TEXT: Text(
        "把平台现行文本登记为新修订。填写日期的,未按新文本重新授权的在该日起中止。",
        "Puts the platform's present wording into force as a revision. With a date, consents under "
        "another wording wait from that day until they are given anew.",
    ),
    OrderKind.CLEAR_CLOCK: Text(
        "立即恢复授权、取数和放行:此前日志头的时间不再与时钟比较。仅用于此前时钟偏快、现已校正的情形。",
        "At once granting, asking and releasing go on: times of heads so far are compared with the "
        "clock no more. Only for a clock that is right now and ran ahead before.",
    ),
    OrderKind.DESTROY_KEK: Text(
        "不可撤销:该版本主密钥销毁。仍由它包装的备份从此无法打开;系统内已无密钥由它包装。",
        "Cannot be undone: this version is destroyed. Backups whose keys it still wraps do not "
        "open any more; nothing in the live system rests under it.",
    ),
}
_REASONS: Mapping[str, Text] = {
    "OPERATOR_ORDER": Text("运营机构决定", "Decision of the operator"),
    "REGULATOR_ORDER": Text("监管机构决定", "Decision of the regulator"),
    "DISPUTE": Text("存在争议", "Disputed"),
    "OVERDUE_ERASURES": Text("银行逾期未删除数据", "The bank has not erased in time"),
    "ORDER_LIFTED": Text("决定已撤销", "The decision was lifted"),
    "CAUSE_CURED": Text("原因已消除", "The cause is cured"),
    "SIGNATURE_FORGED": Text("签名系伪造", "A signature was forged"),
    "MANDATE_INVALID": Text("委托无效", "The mandate had no force"),
    "IDENTITY_FRAUD": Text("冒用身份", "An identity was misused"),
    "SIGNATORIES_GONE": Text("签署人不足", "Too few may sign"),
    "TEXT_REVISED": Text("文本修订", "The text was revised"),
    "CLOCK_CORRECTED": Text("时钟已校正", "The clock was corrected"),
    "KEK_RETIRED": Text("已由新版本取代", "A newer version took over"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an order is about: ids, codes and states; never a name."""

    enterprise_id: UUID | None = None
    state: Text | None = None
    purpose: str | None = None
    bank_id: str | None = None
    persons: Sequence[UUID] = ()
    quorum: int | None = None
    clock: Backlog | None = None
    kek: Version | None = None


def reasons(kind: OrderKind) -> list[tuple[str, Text]]:
    """Codes and words of what may justify a kind."""
    return [(code, _REASONS[code]) for code in REASONS[kind]]


def reason_text(code: str) -> Text:
    """A reason in words; a code we do not know stands for itself."""
    return _REASONS.get(code, Text(code, code))


def proposal(kind: str, target_id: UUID, given: Mapping[str, Any]) -> Propose:
    """The proposal a form makes.

    Raises:
        InvalidRequestError: there is no such kind.
    """
    try:
        known = OrderKind(kind)
    except ValueError as error:
        raise InvalidRequestError("kind", fields={"kind": "CHOICE"}) from error
    target = target_id
    if known is OrderKind.REVISE_TEXT and given["template_id"] in revisions.TEMPLATES:
        target = revisions.template_of(given["template_id"])
    if known is OrderKind.CLEAR_CLOCK:
        target = clocks.CLOCK
    if known is OrderKind.DESTROY_KEK and given["version"].isdecimal():
        target = keks.kek_id(int(given["version"]))
    return Propose(
        kind=known,
        target_id=target,
        reason_class=given["reason_class"],
        case_number=given["case_number"],
        note=given["note"],
        terms=_TERMS[known](given),
    )


def about(uow: UnitOfWork, kind: OrderKind, target_id: UUID) -> About:
    """What the target of an order is now.

    Raises:
        NotFoundError: there is no such consent, mandate or enterprise.
    """
    if kind is OrderKind.REVISE_TEXT:
        return About()
    if kind is OrderKind.CLEAR_CLOCK:
        return About(clock=clocks.standing(uow))
    if kind is OrderKind.DESTROY_KEK:
        return About(kek=_found(keks.kek_of(uow, target_id), target_id))
    desk = desk_of(uow)
    with as_system(uow) as wide:
        if kind is OrderKind.RESET_QUORUM:
            enterprise = _found(wide.session.get(Enterprise, target_id), target_id)
            return About(
                enterprise_id=enterprise.id,
                state=enterprise.state.text,
                quorum=enterprise.quorum,
            )
        if kind is OrderKind.INVALIDATE_MANDATE:
            mandate = _found(wide.session.get(Mandate, target_id), target_id)
            return About(
                enterprise_id=mandate.enterprise_id,
                state=mandate.state.text,
                persons=[mandate.person_id],
            )
        chain = _found(wide.session.get(Chain, target_id), target_id)
        return About(
            enterprise_id=chain.enterprise_id,
            state=Text(*CONSENT_LABELS[state_at(chain.facts, uow.now)]),
            purpose=chain.purpose,
            bank_id=chain.bank_id,
            persons=sorted(service.signatories_of(desk, chain)),
            quorum=chain.m,
        )


def _found(row: Any, target_id: UUID) -> Any:
    if row is None:
        raise NotFoundError(f"target {target_id}")
    return row


def _from_midnight(on: date | None) -> str:
    return "" if on is None else datetime.combine(on, time.min, SHANGHAI).isoformat()


_TERMS: Mapping[OrderKind, Callable[[Mapping[str, Any]], dict[str, str]]] = {
    OrderKind.SUSPEND: lambda given: {"use_frozen": "yes" if given["use_frozen"] else "no"},
    OrderKind.RESTORE: lambda _: {},
    OrderKind.VOID: lambda given: {"without": " ".join(str(one) for one in given["without"])},
    OrderKind.INVALIDATE_MANDATE: lambda _: {},
    OrderKind.RESET_QUORUM: lambda given: {"m": str(given["m"])},
    OrderKind.REVISE_TEXT: lambda given: {
        "template_id": given["template_id"],
        "reconsent_by": _from_midnight(given["reconsent_on"]),
    },
    OrderKind.CLEAR_CLOCK: lambda given: {"head_at": given["head_at"]},
    OrderKind.DESTROY_KEK: lambda given: {"version": given["version"]},
}

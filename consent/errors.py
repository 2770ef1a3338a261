"""Everything this package refuses; each error carries a permanent code and words for people."""

from collections.abc import Mapping
from typing import Any, ClassVar


class ConsentError(Exception):
    """Base of all refusals.

    The message is for logs and holds ids only; ``zh`` and ``en`` are shown to people, ``details``
    holds members a party of the consent may see.
    """

    # Wire format: append only.
    code: ClassVar[str] = "InternalError"
    zh: ClassVar[str] = "系统错误"
    en: ClassVar[str] = "Internal error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str = "", **details: Any) -> None:
        super().__init__(message or self.code)
        self.details: Mapping[str, Any] = details


class EvidenceUnavailableError(ConsentError):
    """Evidence cannot be written or proved now, so nothing widens and nothing is released."""

    code = "EvidenceUnavailable"
    zh = "存证服务暂不可用，请稍后重试"
    en = "Evidence cannot be written; try later"
    retryable = True


class UnknownMemberError(ConsentError):
    """An event carries a member its type does not have."""


class InvalidArtefactError(ConsentError):
    """A body that is not a consent artefact; nothing was changed."""

    code = "InvalidRequest"
    zh = "请求格式有误，未作任何更改"
    en = "Malformed request; nothing was changed"


class NotFoundError(ConsentError):
    """Unknown, or somebody else's: the two look the same."""

    code = "NotFound"
    zh = "未找到"
    en = "Not found"


class InvalidStateError(ConsentError):
    """The act does not exist in this state; nothing was changed."""

    code = "InvalidState"
    zh = "当前状态不能执行此操作"
    en = "Not possible in this state"


class RequestExistsError(ConsentError):
    """Such a request is open, or such a consent lives; ``request_id`` or ``chain_id`` names it."""

    code = "RequestExists"
    zh = "已有相同的授权请求"
    en = "Such a request is already open"


class DraftChangedError(ConsentError):
    """What was signed is not what would be granted."""

    code = "DraftChanged"
    zh = "内容已变更，请重新阅读后签署"
    en = "The text changed; read and sign again"


class RequestLapsedError(ConsentError):
    """The time to sign is over."""

    code = "RequestLapsed"
    zh = "签署期限已过，请重新发起"
    en = "Time to sign is over; ask again"


class StepUpRequiredError(ConsentError):
    """Granting and widening need a fresh proof of identity."""

    code = "StepUpRequired"
    zh = "请再次验证身份"
    en = "Verify your identity again"
    retryable = True


class MandateInsufficientError(ConsentError):
    """The person may not do this for the enterprise."""

    code = "MandateInsufficient"
    zh = "您的委托权限不足"
    en = "Your mandate does not allow this"


class InvalidScopeError(ConsentError):
    """Data, purpose or limits outside what may be asked or was consented."""

    code = "InvalidScope"
    zh = "请求的数据超出授权范围"
    en = "Data outside the consent"


class NotRecipientError(ConsentError):
    """The caller may see this consent, not pull under it."""

    code = "NotRecipient"
    zh = "您可查看但无权调取"
    en = "You may see this consent, not pull"


class PurposeNotAllowedError(ConsentError):
    """The purpose is not the consented one."""

    code = "PurposeNotAllowed"
    zh = "该用途未获授权"
    en = "Purpose not allowed"


class ConsentNotActiveError(ConsentError):
    """Base of the refusals of a consent that does not allow pulls now."""


class ConsentNotYetActiveError(ConsentNotActiveError):
    """``starts_at`` lies ahead."""

    code = "ConsentNotYetActive"
    zh = "授权尚未生效"
    en = "Consent has not started"
    retryable = True


class ConsentPausedError(ConsentNotActiveError):
    """The enterprise paused it; ``resumes_at`` says until when, if it said so."""

    code = "ConsentPaused"
    zh = "企业已暂停授权"
    en = "Paused by the enterprise"
    retryable = True


class ConsentSuspendedError(ConsentNotActiveError):
    """An authority or the registry suspended it; ``reason_class`` says why."""

    code = "ConsentSuspended"
    zh = "授权已中止"
    en = "Consent is suspended"
    retryable = True


class ConsentRevokedError(ConsentNotActiveError):
    """Withdrawn."""

    code = "ConsentRevoked"
    zh = "授权已撤回"
    en = "Consent was revoked"


class ConsentExpiredError(ConsentNotActiveError):
    """Its time is over."""

    code = "ConsentExpired"
    zh = "授权已到期"
    en = "Consent has expired"


class ConsentExhaustedError(ConsentNotActiveError):
    """Every consented call was used."""

    code = "ConsentExhausted"
    zh = "授权次数已用完"
    en = "All consented calls are used"


class ConsentVoidedError(ConsentNotActiveError):
    """It never had force."""

    code = "ConsentVoided"
    zh = "授权自始无效"
    en = "Consent never had force"


class ConsentSupersededError(ConsentNotActiveError):
    """An amendment took its place; ``new_consent_id`` names it."""

    code = "ConsentSuperseded"
    zh = "授权已更新"
    en = "Consent has a newer version"

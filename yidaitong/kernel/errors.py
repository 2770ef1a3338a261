"""Errors every room may raise; each carries a permanent code and words for people."""

from collections.abc import Mapping
from typing import Any, ClassVar

from yidaitong.kernel.text import Text


class DomainError(Exception):
    """Base of everything the platform refuses.

    The message is for logs and holds ids only; ``text`` is shown to people, ``details`` holds
    members a party may see.
    """

    # Wire format: append only.
    code: ClassVar[str] = "InternalError"
    text: ClassVar[Text] = Text("系统错误", "Internal error")
    retryable: ClassVar[bool] = False

    def __init__(self, message: str = "", **details: Any) -> None:
        super().__init__(message or self.code)
        self.details: Mapping[str, Any] = details


class InvalidRequestError(DomainError):
    """Input that cannot be used; ``fields`` maps a field to what is wrong with it."""

    code = "InvalidRequest"
    text = Text("请求格式有误,未作任何更改", "Malformed request; nothing was changed")

    def __init__(
        self, message: str = "", *, fields: Mapping[str, Any] | None = None, **details: Any
    ) -> None:
        super().__init__(message, **details)
        self.fields: Mapping[str, Any] = fields or {}


class UnauthorisedError(DomainError):
    """Nobody is signed in, or the credentials are wrong."""

    code = "Unauthorised"
    text = Text("未登录或凭证无效", "No valid credentials")


class StepUpRequiredError(DomainError):
    """The act needs a fresh proof of identity."""

    code = "StepUpRequired"
    text = Text("请再次验证身份", "Verify your identity again")
    retryable = True


class ForbiddenError(DomainError):
    """The role does not allow this."""

    code = "Forbidden"
    text = Text("您的岗位无权执行此操作", "Your role does not allow this")


class NotFoundError(DomainError):
    """Unknown, or somebody else's: the two look the same."""

    code = "NotFound"
    text = Text("未找到", "Not found")


class InvalidStateError(DomainError):
    """The thing is not in a state that allows this act."""

    code = "InvalidState"
    text = Text("当前状态不能执行此操作", "Not possible in this state")


class ConflictError(DomainError):
    """Somebody else changed it first, or it exists already."""

    code = "Conflict"
    text = Text("内容已被他人修改,请刷新后重试", "It was changed meanwhile; reload and try again")


class FourEyesError(DomainError):
    """Maker and checker are one natural person."""

    code = "FourEyes"
    text = Text("经办与复核不能是同一自然人", "Maker and checker must be two different people")


class TooManyRequestsError(DomainError):
    """A limit was reached; ``retry_after`` (seconds) says when to come back."""

    code = "TooManyRequests"
    text = Text("操作过于频繁,请稍后再试", "Too many attempts; try again later")
    retryable = True


class SourceNotReadyError(DomainError):
    """A department cannot serve this now, or may not release it to banks."""

    code = "SourceNotReady"
    text = Text("部分数据来源暂不可用", "Some sources cannot serve this yet")
    retryable = True


class DataGoneError(DomainError):
    """The key of this content was destroyed."""

    code = "DataGone"
    text = Text("数据包已销毁,请重新调取", "Packet destroyed; pull again")


class EvidenceUnavailableError(DomainError):
    """Evidence cannot be written or proved now, so nothing is released."""

    code = "EvidenceUnavailable"
    text = Text("存证服务暂不可用,请稍后重试", "Evidence cannot be written; try later")
    retryable = True


class ServiceUnavailableError(DomainError):
    """Something we need does not answer."""

    code = "ServiceUnavailable"
    text = Text("服务暂不可用,请稍后重试", "Service is not available; try later")
    retryable = True

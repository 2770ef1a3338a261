"""What signed messages and machine clients of banks are refused for."""

from yidaitong.kernel.errors import InvalidRequestError, UnauthorisedError
from yidaitong.kernel.text import Text


class MessageTimeInvalidError(UnauthorisedError):
    """The message says it was made too long ago, or in the future."""

    code = "MessageTimeInvalid"
    text = Text("报文时间偏差过大,请校准时钟", "Message time is off; check your clock")
    retryable = True


class ReplayDetectedError(UnauthorisedError):
    """A message or an assertion came a second time."""

    code = "ReplayDetected"
    text = Text("报文已使用过,请重新签名", "Message already used; sign a new one")
    retryable = True


class InvalidClientError(UnauthorisedError):
    """No such client, not in use, or its assertion is not valid: one answer for all."""

    code = "InvalidClient"
    text = Text("客户端身份验证未通过", "The client could not be authenticated")

    def __init__(self, message: str = "") -> None:
        super().__init__(message, error="invalid_client")  # RFC 6749 §5.2


class InvalidGrantScopeError(InvalidRequestError):
    """The client asks for more than it was admitted for."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message, fields={"scope": "NOT_VALID"}, error="invalid_scope")

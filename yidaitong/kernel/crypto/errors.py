"""What the crypto package refuses."""

from yidaitong.kernel.errors import DomainError, InvalidRequestError, UnauthorisedError
from yidaitong.kernel.text import Text


class SealBrokenError(DomainError):
    """A sealed field or key does not open where it stands: it was altered or moved."""

    text = Text("密文校验失败", "A sealed field does not open")


class JoseError(InvalidRequestError):
    """A signed or encrypted text that is refused; ``reason`` is a code of the packet verifier."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason, reason=reason)
        self.reason = reason


class SignatureInvalidError(UnauthorisedError):
    """A signature is missing, not by one of the signer's pinned keys, or over something else."""

    code = "SignatureInvalid"
    text = Text("请求签名无效", "Request signature is not valid")

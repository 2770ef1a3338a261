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


class SuiteUnavailableError(DomainError):
    """A crypto suite cannot be used here: this computer lacks it, or the policy does."""

    code = "SuiteUnavailable"
    text = Text(
        "本系统当前不能使用该密码套件,未作任何更改",
        "This crypto suite cannot be used here; nothing was changed",
    )

    def __init__(self, suite: str, reason: str) -> None:
        super().__init__(f"suite {suite} is not available: {reason}", suite=suite, reason=reason)
        self.suite = suite
        self.reason = reason


class SignatureInvalidError(UnauthorisedError):
    """A signature is missing, not by one of the signer's pinned keys, or over something else."""

    code = "SignatureInvalid"
    text = Text("请求签名无效", "Request signature is not valid")

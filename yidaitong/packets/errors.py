"""What packets refuse, beyond the refusals of consents and keys."""

from yidaitong.kernel.errors import UnauthorisedError
from yidaitong.kernel.text import Text


class SignatureInvalidError(UnauthorisedError):
    """A bank's signature is not by one of its pinned keys, or over something else."""

    code = "SignatureInvalid"
    text = Text("请求签名无效", "Request signature is not valid")

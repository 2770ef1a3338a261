"""Errors of accounts."""

from yidaitong.kernel.errors import ConflictError, ForbiddenError, UnauthorisedError
from yidaitong.kernel.text import Text


class LoginTakenError(ConflictError):
    """The login name belongs to somebody already."""

    # Wire format: append only.
    code = "LoginTaken"
    text = Text("该登录名已被使用", "This login name is already in use")


class WrongCredentialsError(UnauthorisedError):
    """Unknown login, wrong password or disabled account: one answer for all."""

    text = Text("登录名或密码不正确", "Wrong login name or password")


class PersonRequiredError(ForbiddenError):
    """A machine asks for an act a natural person has to answer for."""

    # Wire format: append only.
    code = "PersonRequired"
    text = Text("该操作须由自然人办理", "This act needs a natural person")

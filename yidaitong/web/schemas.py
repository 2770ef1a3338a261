"""What the app-wide pages take in."""

from marshmallow import fields

from yidaitong.accounts.commands import PasswordChange
from yidaitong.accounts.passwords import MAX_BYTES
from yidaitong.accounts.stepup import MAX_DIGEST
from yidaitong.kernel.schema import CommandSchema, Line


class LoginSchema(CommandSchema):
    """A login name and a password; both are checked by comparing, so here by length only."""

    login = Line(required=True, max_length=128)
    password = fields.String(required=True)
    next = fields.String(load_default="")


class PasswordSchema(CommandSchema):
    """The current password and a new one."""

    command = PasswordChange

    current = fields.String(required=True)
    new = fields.String(required=True)


class ApiLoginSchema(CommandSchema):
    """A login name and a password."""

    login = Line(required=True, max_length=128)
    password = fields.String(required=True)


class ApiStepUpSchema(CommandSchema):
    """The password again, and the digest of the act it is for."""

    password = fields.String(required=True, metadata={"maxLength": MAX_BYTES})
    digest = Line(required=True, max_length=MAX_DIGEST)


class TokenSchema(CommandSchema):
    """A token, shown once."""

    token = fields.String(dump_only=True)
    expires_in = fields.Integer(dump_only=True, metadata={"description": "seconds"})


class ProblemSchema(CommandSchema):
    """A refusal (RFC 9457)."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    code = fields.String()
    hop = fields.String()
    retryable = fields.Boolean()
    trace_id = fields.String()

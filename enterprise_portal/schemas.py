"""What the portal takes in: one schema for a form and for the API's JSON."""

from marshmallow import fields
from marshmallow.validate import OneOf, Range

from enterprise_portal.fields import CodeField, MobileField
from yidaitong.accounts.stepup import MAX_DIGEST
from yidaitong.authorizations.text import LANGUAGES
from yidaitong.enterprises.commands import BeginRegistration
from yidaitong.enterprises.identity import Identity
from yidaitong.kernel.schema import CommandSchema, Line, Paragraph, WanField, YuanField

PAGE = 30
MAX_AMOUNT_FEN = 10**12
MAX_TERM_MONTHS = 120
TERM = (Range(min=1, error="TOO_SMALL"), Range(max=MAX_TERM_MONTHS, error="TOO_LARGE"))


class BeginSchema(CommandSchema):
    """Credit code and full name as on the business licence."""

    command = BeginRegistration

    uscc = CodeField(required=True, max_length=40)
    name = Line(required=True, max_length=100)


class ResumeSchema(CommandSchema):
    """The progress code as it was shown."""

    progress_code = Line(required=True, max_length=120)


class NameSchema(CommandSchema):
    """A corrected name."""

    name = Line(required=True, max_length=100)


class IdentitySchema(CommandSchema):
    """The three facts the identity provider compares."""

    command = Identity

    name = Line(required=True, max_length=50)
    id_number = CodeField(required=True, max_length=40)
    mobile = MobileField(required=True, max_length=40)


class AccountSchema(CommandSchema):
    """The first password, twice on the page."""

    password = fields.String(required=True)


class Resumed(CommandSchema):
    """What every call of the API about a registration carries."""

    resume_code = Line(required=True, max_length=64)


class ApiNameSchema(Resumed, NameSchema):
    """A corrected name."""


class ApiIdentitySchema(Resumed):
    """The three facts the identity provider compares."""

    name = Line(required=True, max_length=50)
    id_number = CodeField(required=True, max_length=40)
    mobile = MobileField(required=True, max_length=40)


class ApiAccountSchema(Resumed, AccountSchema):
    """The first password."""


class ListQuery(CommandSchema):
    """A page of a list, newest first; ``after`` is the last id seen."""

    after = fields.UUID(load_default=None)


class ApplySchema(CommandSchema):
    """How much (a decimal string in 元), for how long, in which language to be asked."""

    product_id = Line(required=True, max_length=64)
    amount = YuanField(required=True, low=1, high=MAX_AMOUNT_FEN)
    term_months = fields.Integer(required=True, validate=TERM)
    language = fields.String(load_default=LANGUAGES[0], validate=OneOf(LANGUAGES))


class ApplyPageSchema(CommandSchema):
    """How much (a decimal string in 万元) and for how long."""

    amount = WanField(required=True, low=1, high=MAX_AMOUNT_FEN)
    term_months = fields.Integer(required=True, validate=TERM)


class AnswerSchema(CommandSchema):
    """An answer to the bank's question."""

    answer = Paragraph(required=True, max_length=1000)


class DigestSchema(CommandSchema):
    """The digest of exactly what was shown; it names the act that is proved."""

    digest = Line(required=True, max_length=MAX_DIGEST)


class SignSchema(DigestSchema):
    """The digest of what was shown, and the password again."""

    password = fields.String(required=True)


class ReasonSchema(CommandSchema):
    """Why, if one wants to say; nobody outside sees it."""

    reason = Paragraph(load_default=None, max_length=200)


class PauseSchema(CommandSchema):
    """Until which date; without one until resumed."""

    until = fields.Date(load_default=None)


class EmptySchema(CommandSchema):
    """Nothing but the act itself."""

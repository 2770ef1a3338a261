"""What the portal takes in and tells about agents, quorum and succession."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields
from marshmallow.validate import OneOf, Range

from enterprise_portal.fields import CodeField, MobileField
from enterprise_portal.schemas import DigestSchema
from yidaitong.authorizations.narrowing import Less
from yidaitong.enterprises.mandate_lifecycle import MandateRight
from yidaitong.kernel.schema import CommandSchema, Line

_RIGHTS = OneOf([right.value for right in MandateRight])
_MOST = 20


class LessSchema(CommandSchema):
    """What is left out: resources or items, a last day, a first day looked back on, calls."""

    drop = fields.List(fields.String(), load_default=list)
    until = fields.Date(load_default=None)
    from_on = fields.Date(load_default=None)
    calls = fields.Integer(load_default=None, validate=Range(min=1, max=1000))


def less_of(given: Mapping[str, Any]) -> Less:
    """The command of a loaded :class:`LessSchema`."""
    drop = given["drop"]
    names = frozenset(drop if isinstance(drop, list) else ())
    return Less(drop=names, until=given["until"], from_on=given["from_on"], calls=given["calls"])


class TermsSchema(CommandSchema):
    """Whom to let act, with which rights, until the end of which day (Beijing time)."""

    name = Line(required=True, max_length=50)
    rights = fields.List(fields.String(validate=_RIGHTS), required=True)
    ends_on = fields.Date(required=True)


class InvitePageSchema(TermsSchema):
    """Terms of a mandate, and the password again."""

    password = fields.String(required=True)


class InviteApiSchema(TermsSchema):
    """Terms of a mandate, and their digest: ``Step-Up-Token`` is bound to it."""

    digest = Line(required=True, max_length=43)


class PasswordSchema(CommandSchema):
    """The password again."""

    password = fields.String(required=True)


class QuorumPageSchema(PasswordSchema):
    """How many must sign, and the password again."""

    m = fields.Integer(required=True, validate=Range(min=1, max=_MOST))


class QuorumApiSchema(DigestSchema):
    """How many must sign; ``digest`` names it for the step-up."""

    m = fields.Integer(required=True, validate=Range(min=1, max=_MOST))


class AcceptSchema(CommandSchema):
    """The code of an invitation, who takes it up, and the first password."""

    code = Line(required=True, max_length=64)
    name = Line(required=True, max_length=50)
    id_number = CodeField(required=True, max_length=40)
    mobile = MobileField(required=True, max_length=40)
    password = fields.String(required=True)


class SucceedSchema(CommandSchema):
    """The enterprise's credit code, who represents it now, and the first password."""

    uscc = CodeField(required=True, max_length=40)
    name = Line(required=True, max_length=50)
    id_number = CodeField(required=True, max_length=40)
    mobile = MobileField(required=True, max_length=40)
    password = fields.String(required=True)


class MandateSchema(CommandSchema):
    """One mandate."""

    id = fields.UUID()
    person_id = fields.UUID()
    state = fields.String()
    rights = fields.List(fields.String())
    granted_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)


class StandingSchema(CommandSchema):
    """Who must sign: ``m`` of ``n``; and a lower number somebody proposed."""

    m = fields.Integer()
    n = fields.Integer()
    proposed = fields.Integer(allow_none=True)
    approved = fields.Integer()
    mine = fields.Boolean()


class MandatesSchema(CommandSchema):
    """Agents and quorum of the enterprise."""

    quorum = fields.Nested(StandingSchema)
    mandates = fields.List(fields.Nested(MandateSchema))


class InvitedSchema(CommandSchema):
    """An invitation; ``code`` is shown once, to be handed to the person."""

    invitation_id = fields.UUID()
    code = fields.String()


class JoinedSchema(CommandSchema):
    """How the person signs in."""

    login_hint = fields.String()


class NarrowedSchema(CommandSchema):
    """A request that waits for signatures, and the digest of its text."""

    request_id = fields.UUID()
    digest = fields.String()

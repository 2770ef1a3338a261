"""How the API tells requests and consents."""

from marshmallow import fields

from yidaitong.kernel.schema import CommandSchema


class AskSchema(CommandSchema):
    """One request: ``digest`` is SHA-256 (base64url) of the canonical ``body``."""

    request_id = fields.UUID()
    state = fields.String()
    digest = fields.String()
    personal = fields.Boolean()
    purpose = fields.String()
    product_id = fields.String()
    bank_id = fields.String(allow_none=True)
    application_id = fields.UUID(allow_none=True)
    lapses_at = fields.AwareDateTime()
    text = fields.String()
    body = fields.Dict()


class GrantedSchema(CommandSchema):
    """A consent that began; both null while further signatories are needed."""

    chain_id = fields.UUID(allow_none=True)
    receipt = fields.Dict(allow_none=True)


class ConsentSchema(CommandSchema):
    """One consent as lists show it."""

    chain_id = fields.UUID()
    consent_id = fields.UUID()
    digest = fields.String()
    state = fields.String()
    personal = fields.Boolean()
    bank_id = fields.String(allow_none=True)
    purpose = fields.String()
    product_id = fields.String()
    application_id = fields.UUID(allow_none=True)
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    resumes_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)


class EventSchema(CommandSchema):
    """One event of a consent."""

    type = fields.String()
    at = fields.AwareDateTime()
    entry_id = fields.Integer()
    event = fields.Dict()


class ConsentInFullSchema(ConsentSchema):
    """One consent with its body, text, events and receipts."""

    body = fields.Dict()
    text = fields.String()
    events = fields.List(fields.Nested(EventSchema))
    receipts = fields.List(fields.Dict())


class WireSchema(CommandSchema):
    """A question that is still out, and when its ticket ends."""

    resource = fields.String()
    end_by = fields.AwareDateTime()


class RevokedSchema(CommandSchema):
    """A withdrawn consent; ``first`` is false when it was withdrawn before."""

    chain_id = fields.UUID()
    state = fields.String()
    effective_at = fields.AwareDateTime()
    entry_id = fields.Integer()
    first = fields.Boolean()
    on_the_wire = fields.List(fields.Nested(WireSchema))
    companions = fields.List(fields.UUID())
    receipt = fields.Dict()


class StateSchema(CommandSchema):
    """Where a consent stands now."""

    chain_id = fields.UUID()
    state = fields.String()

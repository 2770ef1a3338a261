"""Shapes of the API's answers, for its documentation and for writing times and ids."""

from marshmallow import fields

from yidaitong.kernel.schema import CommandSchema


class AmountsSchema(CommandSchema):
    """Money twice: whole fen, and a decimal string in 元."""

    amount_fen = fields.Integer(allow_none=True)
    amount = fields.String(allow_none=True)


class CaseLineSchema(AmountsSchema):
    """One case as lists tell it."""

    id = fields.UUID()
    applicant = fields.String()
    product_id = fields.String()
    state = fields.String()
    term_months = fields.Integer()
    submitted_at = fields.AwareDateTime(allow_none=True)
    result = fields.String(allow_none=True)
    limit_fen = fields.Integer(allow_none=True)
    limit = fields.String(allow_none=True)
    rate_bp = fields.Integer(allow_none=True)
    main_reason = fields.String(allow_none=True)
    due_at = fields.AwareDateTime(allow_none=True)
    late = fields.Boolean()


class CaseListSchema(CommandSchema):
    """One page of cases."""

    applications = fields.List(fields.Nested(CaseLineSchema))
    total = fields.Integer()
    page = fields.Integer()
    pages = fields.Integer()


class ApplicantSchema(CommandSchema):
    """Who applied; the code of an individual business is in its packet only."""

    name = fields.String()
    uscc = fields.String(allow_none=True)
    district = fields.String(allow_none=True)
    industry = fields.String(allow_none=True)
    size = fields.String(allow_none=True)


class StageSchema(CommandSchema):
    """One promise of the service clock."""

    code = fields.String()
    due_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)
    elapsed_seconds = fields.Integer()
    late = fields.Boolean()
    paused = fields.Boolean()


class StepSchema(CommandSchema):
    """One step of the case's life."""

    event = fields.String()
    state = fields.String()
    at = fields.AwareDateTime()
    side = fields.String()
    note = fields.String()


class ReasonSchema(CommandSchema):
    """One reason in both languages."""

    code = fields.String()
    zh = fields.String(allow_none=True)
    en = fields.String(allow_none=True)


class EvaluationSchema(CommandSchema):
    """What the policy said; ``trace`` is null once the consent was withdrawn."""

    at = fields.AwareDateTime()
    engine = fields.String()
    policy_sha256 = fields.String()
    packets = fields.List(fields.String())
    result = fields.String()
    main_reason = fields.String(allow_none=True)
    limit_fen = fields.Integer(allow_none=True)
    limit = fields.String(allow_none=True)
    rate_bp = fields.Integer(allow_none=True)
    exposure_fen = fields.Integer()
    exposure = fields.String()
    record_sha256 = fields.String()
    reasons = fields.List(fields.Nested(ReasonSchema))
    trace = fields.Dict(allow_none=True)


class ProposalSchema(CommandSchema):
    """What one person proposed and another confirms; ``sha256`` is the hash of the exact bytes."""

    kind = fields.String()
    state = fields.String()
    sha256 = fields.String()
    body = fields.Dict()
    made_at = fields.AwareDateTime()
    maker_person_id = fields.UUID()
    checked_at = fields.AwareDateTime(allow_none=True)
    checker_person_id = fields.UUID(allow_none=True)
    check_note = fields.String()


class DecisionSchema(AmountsSchema):
    """The final decision."""

    outcome = fields.String()
    reasons = fields.List(fields.String())
    rate_bp = fields.Integer(allow_none=True)
    term_months = fields.Integer(allow_none=True)
    command_sha256 = fields.String(allow_none=True)
    at = fields.AwareDateTime()


class OfferSchema(AmountsSchema):
    """One offer; ``digest`` is what the enterprise signs."""

    id = fields.UUID()
    application_id = fields.UUID()
    state = fields.String()
    rate_bp = fields.Integer()
    term_months = fields.Integer()
    digest = fields.String()
    made_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()


class LineSchema(CommandSchema):
    """One resource of a pull."""

    resource = fields.String()
    status = fields.String()
    outcome = fields.String(allow_none=True)
    why = fields.String(allow_none=True)
    as_of = fields.Date(allow_none=True)
    attempt = fields.Integer()


class PullAnswerSchema(CommandSchema):
    """One pull and its lines."""

    id = fields.UUID()
    chain_id = fields.UUID()
    application_id = fields.UUID(allow_none=True)
    personal = fields.Boolean()
    state = fields.String()
    held = fields.String(allow_none=True)
    released_at = fields.AwareDateTime(allow_none=True)
    expires_at = fields.AwareDateTime()
    lines = fields.List(fields.Nested(LineSchema))


class PacketSchema(CommandSchema):
    """One packet without its content."""

    id = fields.UUID()
    pull_id = fields.UUID()
    chain_id = fields.UUID()
    application_id = fields.UUID(allow_none=True)
    personal = fields.Boolean()
    purpose = fields.String()
    product_id = fields.String()
    state = fields.String()
    complete = fields.Boolean()
    packet_sha256 = fields.String()
    issued_at = fields.AwareDateTime()
    fetch_before = fields.AwareDateTime()
    erase_due_at = fields.AwareDateTime()
    fetched_at = fields.AwareDateTime(allow_none=True)
    acked_at = fields.AwareDateTime(allow_none=True)


class CaseSchema(AmountsSchema):
    """One case with everything its bank may see."""

    id = fields.UUID()
    applicant = fields.Nested(ApplicantSchema)
    product_id = fields.String()
    product_version = fields.Integer()
    state = fields.String()
    term_months = fields.Integer()
    submitted_at = fields.AwareDateTime(allow_none=True)
    decided_at = fields.AwareDateTime(allow_none=True)
    stages = fields.List(fields.Nested(StageSchema))
    steps = fields.List(fields.Nested(StepSchema))
    evaluation = fields.Nested(EvaluationSchema, allow_none=True)
    recommendation = fields.Nested(ProposalSchema, allow_none=True)
    waiting = fields.Nested(ProposalSchema, allow_none=True)
    decision = fields.Nested(DecisionSchema, allow_none=True)
    offer = fields.Nested(OfferSchema, allow_none=True)
    loan_id = fields.UUID(allow_none=True)
    pulls = fields.List(fields.Nested(PullAnswerSchema))
    packets = fields.List(fields.Nested(PacketSchema))

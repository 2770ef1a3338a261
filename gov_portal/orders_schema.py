"""What the console takes in about orders."""

from marshmallow import fields
from marshmallow.validate import OneOf, Range

from yidaitong.authorizations.order_kinds import OrderKind
from yidaitong.kernel.schema import CommandSchema, Line, Paragraph


class NewOrderQuery(CommandSchema):
    """Which order, about what."""

    kind = fields.String(required=True, validate=OneOf([kind.value for kind in OrderKind]))
    target_id = fields.UUID(required=True)


class OrderSchema(CommandSchema):
    """Why, under which case, and what the kind needs beside."""

    reason_class = Line(required=True, max_length=32)
    case_number = Line(required=True, max_length=40)
    note = Paragraph(load_default="", max_length=500)
    use_frozen = fields.Boolean(load_default=False)
    without = fields.List(fields.UUID(), load_default=list)
    m = fields.Integer(load_default=1, validate=Range(min=1, max=20))
    template_id = Line(load_default="", max_length=64)
    reconsent_on = fields.Date(load_default=None)
    head_at = Line(load_default="", max_length=40)
    version = Line(load_default="", max_length=5)


class DecideSchema(CommandSchema):
    """The decision itself; the tick says that what it does was read."""

    read = fields.Boolean(required=True, validate=OneOf([True], error="MISSING"))

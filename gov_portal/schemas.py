"""What the console takes in."""

from marshmallow import fields
from marshmallow.validate import OneOf, Range

from yidaitong.audit import Outcome
from yidaitong.kernel.schema import CommandSchema, Line
from yidaitong.oversight.boardroom import WINDOWS
from yidaitong.oversight.viewing import OpenFile

PAGE = 50


class FigureQuery(CommandSchema):
    """A business date (default: today)."""

    as_of = fields.Date(load_default=None)


class RowsQuery(FigureQuery):
    """A page of the rows behind a figure."""

    after = Line(load_default=None, max_length=64)


class BoardQuery(CommandSchema):
    """Over how many days a board looks."""

    days = fields.Integer(load_default=30, validate=OneOf(WINDOWS))


class BoardRowsQuery(BoardQuery):
    """A page of the rows behind one number of a board."""

    after = Line(load_default=None, max_length=64)


class ListQuery(CommandSchema):
    """A page of a list, newest first; ``after`` is the last id seen."""

    after = fields.UUID(load_default=None)


class TrailQuery(CommandSchema):
    """Which audit events."""

    action = Line(load_default=None, max_length=64)
    org_id = Line(load_default=None, max_length=64)
    outcome = fields.String(load_default=None, validate=OneOf([member.value for member in Outcome]))
    before = fields.UUID(load_default=None)


class OpenFileSchema(CommandSchema):
    """Why an enterprise's file is opened."""

    command = OpenFile

    case_number = Line(required=True, max_length=40)
    purpose = Line(required=True, max_length=100)


class StopSchema(CommandSchema):
    """Why a resource is stopped."""

    reason = Line(required=True, max_length=200)


class EntryQuery(CommandSchema):
    """One entry of the log, by index."""

    index = fields.Integer(load_default=None, validate=Range(min=0, max=2**53))


class GrowthQuery(CommandSchema):
    """Two published heads by their sizes."""

    old = fields.Integer(required=True, validate=Range(min=1, max=2**53))
    new = fields.Integer(required=True, validate=Range(min=1, max=2**53))

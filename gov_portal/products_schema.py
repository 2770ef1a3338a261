"""What the console takes in about products."""

from collections.abc import Mapping
from uuid import UUID

from yidaitong.kernel.schema import CommandSchema, Line, Paragraph
from yidaitong.products.commands import Confirm


class DecisionSchema(CommandSchema):
    """A decision on exactly what was shown."""

    digest = Line(required=True, max_length=43)


class NoteSchema(DecisionSchema):
    """A decision and why."""

    note = Paragraph(required=True, max_length=1000)


class ReasonSchema(DecisionSchema):
    """A return and its reason."""

    reason = Paragraph(required=True, max_length=500)


def confirm(version_id: UUID, given: Mapping[str, str]) -> Confirm:
    """The command."""
    note = given.get("reason") or given.get("note") or ""
    return Confirm(version_id=version_id, digest=given["digest"], note=note)

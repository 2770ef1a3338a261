"""What an applicant may ask for, as frozen commands."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginRegistration:
    """Start with the credit code and the full name as on the business licence."""

    uscc: str
    name: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """Proof that a registration is one's own; the resume code is shown once and kept hashed."""

    enterprise_id: UUID
    resume_code: str = field(repr=False)

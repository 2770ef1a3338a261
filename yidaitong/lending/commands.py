"""What lending is asked for, as frozen values; money in fen, rates in bp, terms in months."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from yidaitong.lending.kinds import Outcome
from yidaitong.lending.lifecycle import LoanEventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApplication:
    """Apply for one product."""

    product_id: str
    amount_fen: int
    term_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """A maker's proposal: terms for APPROVE, reason codes for DECLINE."""

    outcome: Outcome
    amount_fen: int | None = None
    rate_bp: int | None = None
    term_months: int | None = None
    reasons: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A checker's decision; ``sha256`` names the proposal that was read (None: the present one)."""

    outcome: Outcome
    reasons: tuple[str, ...] = ()
    note: str = ""
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptOffer:
    """Accept the terms with this digest.

    ``token`` is a step-up bound to the digest; None where the caller consumed it already.
    """

    offer_id: UUID
    digest: str
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanEvent:
    """One event of a loan as its bank reports it; ``serial`` is the bank's own number of it.

    CONTRACT names the application; later events name it or the loan. ``amount_fen`` is principal.
    ``reverses`` is the serial that a REVERSE undoes.
    """

    serial: str
    kind: LoanEventKind
    business_date: date
    application_id: UUID | None = None
    loan_id: UUID | None = None
    amount_fen: int = 0
    interest_fen: int = 0
    penalty_fen: int = 0
    days: int | None = None
    risk_class: int | None = None
    due_on: date | None = None
    reverses: str | None = None
    first_loan: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A checker's answer to a proposed loan event; ``note`` is needed to refuse."""

    accept: bool
    sha256: str
    note: str = ""

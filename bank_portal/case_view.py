"""What the case page and the exported list show, gathered from the services."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from flask_babel import gettext as _

from bank_portal.trace_view import trace_view
from bank_portal.words import plain_yuan
from yidaitong.accounts.registering import names_of
from yidaitong.authorizations.queries import chains_of_application
from yidaitong.enterprises.areas import district_name
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.money import format_yuan
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import queries, reasons
from yidaitong.lending.lifecycle import CLOSED, ApplicationState, LoanEventKind
from yidaitong.lending.queries import Case, CaseInFull
from yidaitong.packets.queries import packets_of_application
from yidaitong.products.queries import products_of_bank
from yidaitong.pulls.queries import progress_of_application
from yidaitong.web.filters import local
from yidaitong.web.i18n import say

_S = ApplicationState
# The main road, for the stepper: what a case passes if all goes well.
_ROAD: Final = (
    (Text("提交", "Submitted"), {_S.SUBMITTED}),
    (Text("受理", "Accepted"), {_S.ACCEPTED}),
    (Text("审查", "Review"), {_S.IN_REVIEW, _S.NEED_INFO, _S.RETURNED}),
    (Text("复核", "Check"), {_S.PENDING_CHECK}),
    (Text("批准", "Approved"), {_S.APPROVED}),
    (Text("要约", "Offer"), {_S.OFFER_SENT, _S.OFFER_ACCEPTED}),
    (Text("签约", "Contract"), {_S.CONTRACTED}),
    (Text("放款", "Paid out"), {_S.DISBURSED}),
)
_REPORTS: Final = {
    _S.OFFER_ACCEPTED: LoanEventKind.CONTRACT,
    _S.CONTRACTED: LoanEventKind.DISBURSE,
}
_BP: Final = 100


def context(uow: UnitOfWork, application_id: UUID) -> dict[str, Any]:
    """Everything the case page shows."""
    full = queries.application_of_bank(uow, application_id)
    one = full.application
    return {
        "full": full,
        "one": one,
        "stepper": stepper(full),
        "trace": trace_view(full),
        "chains": chains_of_application(uow, application_id),
        "pulls": progress_of_application(uow, application_id),
        "packets": packets_of_application(uow, application_id),
        "people": people(uow, full),
        "reasons": reason_choices(full),
        "district": district_name(one.district),
        "most": most_fen(full),
        "suggested": plain_yuan(most_fen(full)),
        "report": _REPORTS.get(one.state),
        "today": business_date(uow.now).isoformat(),
        "is_maker": full.waiting is not None
        and full.waiting.command.maker_person_id == uow.actor.person_id,
        "closed": one.state in CLOSED,
    }


def most_fen(full: CaseInFull) -> int:
    """The most a maker may propose: what was asked for, or the policy's limit if that is less."""
    asked = int(full.application.amount_fen)
    return asked if full.limit_fen is None else min(asked, full.limit_fen)


def stepper(full: CaseInFull) -> list[tuple[str, str]]:
    """Steps of the main road: done, now, next; a closed case stops where it ended."""
    one = full.application
    passed = {step.state for step in full.steps}
    at = max((n for n, (_name, states) in enumerate(_ROAD) if states & passed), default=0)
    if one.state not in CLOSED:
        at = next((n for n, (_name, states) in enumerate(_ROAD) if one.state in states), at)
    marks = []
    for n, (name, _states) in enumerate(_ROAD):
        mark = "done" if n < at else "next"
        if n == at:
            mark = "bad" if one.state in CLOSED else "now"
        marks.append((say(name), mark))
    if one.state is _S.DISBURSED:
        marks[-1] = (marks[-1][0], "done")
    return marks


def people(uow: UnitOfWork, full: CaseInFull) -> Mapping[UUID, str]:
    """Names of the bank's own people who worked on the case."""
    ids = {step.person_id for step in full.steps if step.realm is Realm.BANK}
    for proposal in full.proposals:
        ids |= {proposal.command.maker_person_id, proposal.command.checker_person_id}
    return names_of(uow, [person_id for person_id in ids if person_id is not None])


def reason_choices(full: CaseInFull) -> list[tuple[str, str]]:
    """Reason codes of a refusal: the policy's own first, then the list for people."""
    told = () if full.explanation is None else full.explanation.reasons
    own = [(reason.id, f"{reason.id} · {say(reason.name)}") for reason in told]
    return own + [(code, say(text)) for code, text in reasons.MANUAL.items()]


def product_names(uow: UnitOfWork) -> Mapping[str, Text]:
    """Names of the bank's products by id."""
    return {version.product_id: version.name for version in products_of_bank(uow)}


def table_head() -> list[str]:
    """Column heads of the exported list."""
    return [
        _("Application"),
        _("Enterprise"),
        _("Product"),
        _("Amount (yuan)"),
        _("Term (months)"),
        _("Submitted"),
        _("State"),
        _("Policy result"),
        _("Limit (yuan)"),
        _("Rate (%)"),
        _("Main reason"),
    ]


def table(uow: UnitOfWork, cases: Iterable[Case]) -> list[Sequence[object]]:
    """Rows of the exported list."""
    names = product_names(uow)
    return [_row(case, names) for case in cases]


def _row(case: Case, names: Mapping[str, Text]) -> Sequence[object]:
    name = names.get(case.product_id)
    return (
        case.id,
        case.applicant_name,
        case.product_id if name is None else say(name),
        format_yuan(case.amount_fen),
        case.term_months,
        local(case.submitted_at),
        say(case.state.text),
        case.result,
        None if case.limit_fen is None else format_yuan(case.limit_fen),
        None if case.rate_bp is None else f"{case.rate_bp // _BP}.{case.rate_bp % _BP:02d}",
        case.main_reason,
    )

"""Registration joined to this process's registry and provider, and to the browser's own ticket."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec
from uuid import UUID

from flask import flash, redirect, session, url_for
from flask.typing import ResponseReturnValue

from yidaitong.departments.identity import HttpVerifier
from yidaitong.enterprises.commands import Ticket
from yidaitong.enterprises.errors import RegistrationClosedError
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.enterprises.onboarding import Onboarding
from yidaitong.enterprises.queries import Progress
from yidaitong.web.i18n import say
from yidaitong.web.views import Work

P = ParamSpec("P")
_COOKIE: Final = "registration"
_SEPARATOR: Final = "."
STEPS: Final = 4
# Which of the four steps a state stands at, and whether something is wrong there.
_PLACES: Final = {
    EnterpriseState.CODE_OK: (2, False),
    EnterpriseState.MISMATCH: (2, True),
    EnterpriseState.REGISTRY_MATCHED: (3, False),
    EnterpriseState.REP_FAILED: (3, True),
    EnterpriseState.REP_VERIFIED: (4, False),
}


def onboarding(work: Work) -> Onboarding:
    """Registration with this process's way to departments."""
    rt = work.runtime
    return Onboarding(
        transaction=rt.transaction, registry=rt.gateway, verifier=HttpVerifier(rt.settings)
    )


def keep(ticket: Ticket) -> None:
    """Remember one's registration in the signed cookie."""
    session[_COOKIE] = written(ticket)


def forget() -> None:
    """Forget the registration of this browser."""
    session.pop(_COOKIE, None)


def held() -> Ticket | None:
    """The registration of this browser, or None."""
    return read(session.get(_COOKIE, ""))


def written(ticket: Ticket) -> str:
    """One code that stands for a registration: what people write down."""
    return f"{ticket.enterprise_id.hex}{_SEPARATOR}{ticket.resume_code}"


def read(code: str) -> Ticket | None:
    """The ticket of a progress code, or None when it is none."""
    name, found, secret = code.strip().partition(_SEPARATOR)
    try:
        return Ticket(UUID(hex=name), secret) if found and secret.isascii() else None
    except ValueError:
        return None


def places(progress: Progress | None) -> list[str]:
    """``done``, ``now``, ``bad`` or ``next`` for each of the four steps."""
    step, wrong = (1, False) if progress is None else _PLACES.get(progress.state, (1, True))
    now = "bad" if wrong else "now"
    return ["done" if n < step else now if n == step else "next" for n in range(1, STEPS + 1)]


def _from_the_start() -> ResponseReturnValue:
    forget()
    flash(say(RegistrationClosedError.text), "warning")
    return redirect(url_for("enterprise.register"), 303)


def own_ticket(
    view: Callable[Concatenate[Work, Any, Ticket, P], ResponseReturnValue],
) -> Callable[Concatenate[Work, Any, P], ResponseReturnValue]:
    """The view gets the browser's ticket; an unknown one leads back to the first step."""

    @wraps(view)
    def wrapper(
        work: Work, command: Any, /, *args: P.args, **kwargs: P.kwargs
    ) -> ResponseReturnValue:
        ticket = held()
        if ticket is None:
            return _from_the_start()
        try:
            return view(work, command, ticket, *args, **kwargs)
        except RegistrationClosedError:
            return _from_the_start()

    return wrapper

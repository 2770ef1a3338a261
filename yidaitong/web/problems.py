"""How a refusal is told: a problem document for machines (RFC 9457), a page for people."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import structlog
from flask import Flask, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from consent.errors import ConsentError
from yidaitong import audit
from yidaitong.accounts.errors import WrongCredentialsError
from yidaitong.audit.recording import Refusal
from yidaitong.kernel import errors
from yidaitong.kernel.actor import SYSTEM, Actor, Realm
from yidaitong.kernel.clock import SHANGHAI
from yidaitong.kernel.errors import DomainError, InvalidRequestError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web import auth
from yidaitong.web.field_texts import code_of, field_texts
from yidaitong.web.i18n import say
from yidaitong.web.state import is_api, runtime, trace_id
from yidaitong.web.statuses import STATUS

_log = structlog.get_logger(__name__)
_LATER: Final = Text("{said}，{at}起可再次操作", "{said}; possible again from {at}")

SERVER_ERROR: Final = 500


class CsrfFailedError(errors.ForbiddenError):
    """The form was not ours, or too old."""

    code = "CsrfFailed"
    text = Text(
        "页面已过期,请返回刷新后重试", "This page is too old; go back, reload and try again"
    )


class MethodNotAllowedError(DomainError):
    """The address exists, the verb does not."""

    code = "MethodNotAllowed"
    text = Text("不支持的请求方式", "This method is not allowed here")


class BodyTooLargeError(DomainError):
    """More bytes than we read."""

    code = "BodyTooLarge"
    text = Text("提交的内容过大", "Too much was sent")


_OF_STATUS: Final[Mapping[int, type[DomainError]]] = {
    401: errors.UnauthorisedError,
    403: errors.ForbiddenError,
    404: errors.NotFoundError,
    405: MethodNotAllowedError,
    409: errors.ConflictError,
    413: BodyTooLargeError,
    429: errors.TooManyRequestsError,
    503: errors.ServiceUnavailableError,
}

AnyRefusal = DomainError | ConsentError


def init_problems(app: Flask) -> None:
    """Tell every error in our words."""
    app.register_error_handler(Exception, _handle)


def status_of(error: AnyRefusal) -> int:
    """The status of an error: its own code's, or its nearest ancestor's."""
    for kind in type(error).__mro__:
        status = STATUS.get(getattr(kind, "code", ""))
        if status is not None:
            return status
    return SERVER_ERROR


def problem_text(error: AnyRefusal) -> str:
    """What happened, for people, in their language; and from when on it may be tried again."""
    said = _title(error)
    later = error.details.get("next_allowed_at")
    if later is None:
        return said
    at = datetime.fromisoformat(later).astimezone(SHANGHAI)
    return say(_LATER).format(said=said, at=f"{at:%Y-%m-%d %H:%M}")


def _title(error: AnyRefusal) -> str:
    """What kind of refusal it is: the same words each time (RFC 9457 §3.1.3)."""
    return say(error.text if isinstance(error, DomainError) else Text(error.zh, error.en))


def _handle(error: Exception) -> Response:
    if isinstance(error, RequestRedirect):
        return error.get_response()
    if isinstance(error, SecurityError):
        # The host is not ours: no address of a page can be built, and none is owed.
        return Response("Bad Request\n", 400, content_type="text/plain")
    refusal = _translated(error)
    note_refusal(refusal)
    if isinstance(refusal, errors.UnauthorisedError) and not is_api() and not _is_login():
        return auth.to_login()
    answer = _as_problem(refusal) if is_api() else _as_page(refusal)
    answer.status_code = status_of(refusal)
    return _with_headers(answer, error, refusal)


def _is_login() -> bool:
    return request.endpoint == "site.sign_in"


def _translated(error: Exception) -> AnyRefusal:
    match error:
        case DomainError() | ConsentError():
            return error
        case CSRFError():
            return CsrfFailedError("csrf")
        case StaleDataError():
            return errors.ConflictError("row changed meanwhile")
        case HTTPException():
            return _of_http(error)
        case PoolTimeoutError():
            return errors.ServiceUnavailableError("no connection free")
        case DBAPIError() if error.connection_invalidated:
            return errors.ServiceUnavailableError("database went away")
    _log_failure(error)
    return DomainError("unknown")


def _of_http(error: HTTPException) -> AnyRefusal:
    status = error.code or SERVER_ERROR
    kind = _OF_STATUS.get(status)
    if kind is not None:
        return kind(f"http {status}")
    if status < SERVER_ERROR:
        return InvalidRequestError(f"http {status}")
    return DomainError(f"http {status}")


def _log_failure(error: Exception) -> None:
    """The type and the place only: messages of libraries quote the values they choked on."""
    frames = traceback.extract_tb(error.__traceback__)
    _log.error(
        "request.failed",
        trace_id=trace_id(),
        error=type(error).__name__,
        frames=[f"{frame.filename}:{frame.lineno}:{frame.name}" for frame in frames[-8:]],
    )


def _as_problem(error: AnyRefusal) -> Response:
    status = status_of(error)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _title(error),
        "status": status,
        "code": error.code,
        "hop": "client" if status < SERVER_ERROR else "platform",
        "retryable": error.retryable,
        "trace_id": trace_id(),
    }
    body |= {name: _plain(value) for name, value in error.details.items() if name not in body}
    fields = error.fields if isinstance(error, InvalidRequestError) else {}
    texts = field_texts(fields)
    if fields:
        body["fields"] = [
            {"name": name, "code": code_of(fields[name]), "text": texts[name]} for name in fields
        ]
    answer = make_response(jsonify(body))
    answer.content_type = "application/problem+json"
    return answer


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | bool) or value is None:
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(member) for member in value]
    return str(value)


def _as_page(error: AnyRefusal) -> Response:
    htmx = request.headers.get("HX-Request") == "true"
    template = "errors/fragment.html" if htmx else "errors/page.html"
    body = render_template(
        template, message=problem_text(error), code=error.code, status=status_of(error)
    )
    answer = make_response(body)
    if htmx:
        answer.headers["HX-Retarget"] = "#problems"
        answer.headers["HX-Reswap"] = "innerHTML"
    return answer


def _with_headers(answer: Response, error: Exception, refusal: AnyRefusal) -> Response:
    if isinstance(error, HTTPException):
        # Allow (405) and Retry-After (429) are part of what HTTP promises.
        for name, value in error.get_headers(request.environ):
            if name in {"Allow", "Retry-After"}:
                answer.headers[name] = value
    if status_of(refusal) == HTTPStatus.TOO_MANY_REQUESTS and "Retry-After" not in answer.headers:
        answer.headers["Retry-After"] = str(refusal.details.get("retry_after", 1))
    return answer


def note_refusal(error: AnyRefusal) -> None:
    """Audit a refused attempt in a transaction of its own.

    Everything somebody signed in was refused counts, malformed input apart; before that only wrong
    credentials and used-up tries do, and a 401 is one more in its hour's count.
    """
    if _is_of_nobody(error):
        _noted(SYSTEM, lambda uow: audit.count_refusal(uow, error.code))
    if not _is_worth_noting(error):
        return
    found = [value for value in (request.view_args or {}).values() if isinstance(value, UUID)]
    refusal = Refusal(
        action=(request.endpoint or "unknown")[:64],
        code=error.code,
        object_type=(request.blueprint or "")[:32] or None if found else None,
        object_id=found[0] if found else None,
    )
    actor = auth.current_actor()
    if actor.realm is Realm.PUBLIC:
        actor = replace(SYSTEM, trace_id=trace_id())
    _noted(actor, lambda uow: audit.record_refusal(uow, refusal))


def _noted(actor: Actor, note: Callable[[UnitOfWork], None]) -> None:
    try:
        with runtime().transaction(actor) as uow:
            note(uow)
    except SQLAlchemyError as failure:
        _log.error("refusal.unrecorded", trace_id=trace_id(), error=type(failure).__name__)


def _is_of_nobody(error: AnyRefusal) -> bool:
    """A 401 before anybody is known; a page that sends people to the sign-in page is none."""
    if status_of(error) != HTTPStatus.UNAUTHORIZED or auth.current_visitor() is not None:
        return False
    return is_api() or _is_login()


def _is_worth_noting(error: AnyRefusal) -> bool:
    status = status_of(error)
    if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.METHOD_NOT_ALLOWED} or status >= SERVER_ERROR:
        return False
    if isinstance(error, WrongCredentialsError | errors.TooManyRequestsError):
        return True
    return auth.current_visitor() is not None

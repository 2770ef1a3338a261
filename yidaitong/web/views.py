"""What every view wears: a permission, a unit of work, a command, a page to show again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from flask import g, make_response, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError
from werkzeug.wrappers import Response

from consent.errors import ConsentError
from yidaitong.accounts import stepup
from yidaitong.accounts.errors import PersonRequiredError, WrongCredentialsError
from yidaitong.accounts.roles import MACHINE_PERMISSIONS
from yidaitong.kernel.actor import Actor, Realm
from yidaitong.kernel.errors import (
    DomainError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    StepUpRequiredError,
    UnauthorisedError,
)
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.runtime import Runtime
from yidaitong.web import auth, intake
from yidaitong.web.field_texts import field_texts, flatten
from yidaitong.web.problems import note_refusal, problem_text, status_of
from yidaitong.web.state import FormState, is_api, keep_form, runtime

PUBLIC: Final = "public"
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
P = ParamSpec("P")
W = TypeVar("W", UnitOfWork, "Work")

View = Callable[P, ResponseReturnValue]
UnitView = Callable[Concatenate[UnitOfWork, P], ResponseReturnValue]
WorkView = Callable[Concatenate["Work", P], ResponseReturnValue]


@dataclass(frozen=True, slots=True)
class Work:
    """For views that wait for the network: they open their transactions themselves."""

    runtime: Runtime
    actor: Actor

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """One transaction of the request's actor; it commits on exit."""
        with self.runtime.transaction(self.actor) as uow:
            yield uow


def requires(permission: str) -> Callable[[UnitView[P]], View[P]]:
    """The view needs ``permission`` and gets a unit of work as its first argument.

    The transaction commits when the view returned, before the answer is sent; any exception rolls
    it back. Pages of a portal are for its own realm whatever the permission.
    """

    def decorate(view: UnitView[P]) -> View[P]:
        return _in_unit(permission, view)

    return decorate


def public(view: UnitView[P]) -> View[P]:
    """Everybody may call the view; it gets a unit of work of whoever is signed in, or nobody."""
    return _in_unit(PUBLIC, view)


def requires_work(permission: str) -> Callable[[WorkView[P]], View[P]]:
    """As :func:`requires`, for a view that opens its own transactions (:class:`Work`)."""

    def decorate(view: WorkView[P]) -> View[P]:
        return _in_work(permission, view)

    return decorate


def public_work(view: WorkView[P]) -> View[P]:
    """As :func:`public`, for a view that opens its own transactions (:class:`Work`)."""
    return _in_work(PUBLIC, view)


def step_up(view: UnitView[P]) -> UnitView[P]:
    """The view's actor proved who they are for this very act; stands below :func:`requires`.

    A page's form carries ``password`` and ``digest``; an API call carries the header
    ``Step-Up-Token`` and the member ``digest``. The digest names the act: the service compares it.
    """
    view.__step_up__ = True  # type: ignore[attr-defined]
    return view


def use_command(
    schema: type[Schema], *, location: str = "form", page: View[...] | None = None
) -> Callable[
    [Callable[Concatenate[W, Any, P], ResponseReturnValue]],
    Callable[Concatenate[W, P], ResponseReturnValue],
]:
    """The view gets the loaded command as its second argument; ``location``: form, query, json.

    ``page`` is the view that shows the form: when the input or the service refuses, it is called
    again with the same path arguments, and its macros show what was typed and what is wrong.
    """
    loaded = schema()

    def decorate(
        view: Callable[Concatenate[W, Any, P], ResponseReturnValue],
    ) -> Callable[Concatenate[W, P], ResponseReturnValue]:
        @wraps(view)
        def wrapper(work: W, /, *args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            return view(work, load(loaded, location), *args, **kwargs)

        wrapper.__page__ = page  # type: ignore[attr-defined]
        wrapper.__command__ = schema  # type: ignore[attr-defined]
        wrapper._apidoc = _documented(view, schema, location)  # type: ignore[attr-defined]  # noqa: SLF001 - where flask-smorest keeps it
        return wrapper

    return decorate


def load(schema: Schema, location: str) -> Any:
    """The command of this request.

    Raises:
        InvalidRequestError: with what is wrong by field.
    """
    ignored = {intake.CSRF_FIELD} if location == "form" else set()
    if g.get("step_up", False) and "password" not in schema.load_fields:
        ignored.add("password")
    raw = intake.read(schema, location, frozenset(ignored))
    try:
        return schema.load(raw)
    except ValidationError as error:
        found = error.normalized_messages()  # type: ignore[no-untyped-call]
        raise InvalidRequestError("schema", fields=flatten(found)) from error


def _documented(view: Any, schema: type[Schema], location: str) -> dict[str, Any]:
    """What flask-smorest's own decorator would note; ours reads more strictly than webargs."""
    found: dict[str, Any] = deepcopy(getattr(view, "_apidoc", {}))
    arguments = found.setdefault("arguments", {})
    arguments.setdefault("parameters", []).append(
        {"in": location, "required": True, "schema": schema}
    )
    arguments.setdefault("responses", {})[400] = "BAD_REQUEST"
    return found


def _in_unit(permission: str, view: UnitView[P]) -> View[P]:
    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        try:
            actor = _admitted(permission)
            _refuse_what_nobody_reads(view)
            token = _step_up_token(view)
            with runtime().transaction(actor) as uow:
                proven = uow if token is None else stepup.consume(uow, *token)
                answer = view(proven, *args, **kwargs)
                # The API's answers are dumped by their schema, which also knows the status.
                return answer if is_api() else make_response(answer)
        except (DomainError, ConsentError) as error:
            return _again(view, error, kwargs)

    return _marked(wrapper, permission, view)


def _in_work(permission: str, view: WorkView[P]) -> View[P]:
    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        try:
            work = Work(runtime(), _admitted(permission))
            _refuse_what_nobody_reads(view)
            return view(work, *args, **kwargs)
        except (DomainError, ConsentError) as error:
            return _again(view, error, kwargs)

    return _marked(wrapper, permission, view)


def _marked(wrapper: View[P], permission: str, view: Any) -> View[P]:
    wrapper.__permission__ = permission  # type: ignore[attr-defined]
    wrapper.__inner__ = view  # type: ignore[attr-defined]
    return wrapper


def _admitted(permission: str) -> Actor:
    actor = auth.current_actor()
    if permission == PUBLIC:
        return actor
    if actor.session_id is None:
        raise UnauthorisedError("nobody is signed in")
    if actor.client_id is not None and permission not in MACHINE_PERMISSIONS:
        raise PersonRequiredError(f"{permission} by client {actor.client_id}")
    realm = realm_of_path(request.path)
    if realm is not None and realm is not actor.realm:
        raise ForbiddenError(f"{actor.session_id} is not of {realm}")
    actor.require(permission)
    return actor


def _refuse_what_nobody_reads(view: Any) -> None:
    """A changing view without a command takes none: what it would ignore is malformed.

    Asked of the view that was called, not of the page it may show again.
    """
    is_first = not g.get("body_seen", False)
    g.body_seen = True
    if is_first and request.method not in _READING and not hasattr(view, "__command__"):
        intake.read_nothing()


def realm_of_path(path: str) -> Realm | None:
    """The realm whose portal a path belongs to: ``/bank/…`` and ``/api/bank/…`` are the banks'."""
    parts = path.lstrip("/").split("/")
    first = parts[1] if parts[0] == "api" and len(parts) > 1 else parts[0]
    known = {realm.value: realm for realm in (Realm.ENTERPRISE, Realm.BANK, Realm.GOV)}
    return known.get(first)


def _step_up_token(view: Any) -> tuple[str, str] | None:
    """The token and the digest, when the view asks for a step-up."""
    if not getattr(view, "__step_up__", False):
        return None
    g.step_up = True
    if is_api():
        digest = intake.read_json(request.get_data(cache=True)).get("digest")
        return request.headers.get("Step-Up-Token", ""), digest if isinstance(digest, str) else ""
    password = request.form.get("password", "")
    if not password:
        raise StepUpRequiredError("no password")
    digest = request.form.get("digest", "")
    return auth.prove(password, digest), digest


def _again(view: Any, error: DomainError | ConsentError, path: dict[str, Any]) -> Response:
    """Show the form again with what is wrong, or let the error go on to its own page."""
    page = getattr(view, "__page__", None)
    final = isinstance(error, UnauthorisedError | ForbiddenError | NotFoundError)
    if isinstance(error, WrongCredentialsError):
        final = False  # Whoever mistyped a password gets the form back, not a dead end.
    if page is None or final or is_api():
        raise error
    note_refusal(error)
    fields = dict(error.fields) if isinstance(error, InvalidRequestError) else {}
    if isinstance(error, StepUpRequiredError):
        fields["password"] = "WRONG_PASSWORD"  # noqa: S105 - a code, not a password
    keep_form(FormState(intake.typed_values(), field_texts(fields), problem_text(error)))
    # A list shows itself again, whatever the act upon one of its rows is called with.
    known = signature(page).parameters
    answer = make_response(page(**{name: path[name] for name in path if name in known}))
    answer.status_code = status_of(error)
    return answer


def mark_public(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view of a library, or one that opens no transaction, as open to everybody."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    wrapper.__permission__ = PUBLIC  # type: ignore[attr-defined]
    return wrapper

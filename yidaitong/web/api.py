"""The API's own calls: sign in, step up, sign out; and its documentation page."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Blueprint, Flask, render_template, send_from_directory
from flask.typing import ResponseReturnValue
from flask_smorest import Api
from flask_smorest import Blueprint as ApiBlueprint

from yidaitong.accounts import sessions
from yidaitong.accounts.models import SessionKind
from yidaitong.accounts.roles import OWN_ACCOUNT
from yidaitong.accounts.stepup import VALID_FOR
from yidaitong.kernel.errors import UnauthorisedError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web import auth
from yidaitong.web.documenting import BEARER, SignedCalls
from yidaitong.web.schemas import ApiLoginSchema, ApiStepUpSchema, ProblemSchema, TokenSchema
from yidaitong.web.state import runtime
from yidaitong.web.views import (
    Work,
    mark_public,
    public_work,
    requires,
    requires_work,
    use_command,
)

api = ApiBlueprint(
    "session_api", __name__, url_prefix="/api/session/v1", description="Sign in, step up, sign out"
)
docs = Blueprint("docs", __name__)


class QuietApi(Api):  # type: ignore[misc]  # the library ships no types
    """flask-smorest's document only; errors are told by our own handler."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Ours knows codes, languages and the Allow header."""


def init_api(app: Flask) -> QuietApi:
    """Serve ``/api/openapi.json`` (OpenAPI 3.1)."""
    app.config.update(
        API_TITLE="一贷通 Yidaitong",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    plugin = MarshmallowPlugin(schema_name_resolver=schema_name)
    made = QuietApi(
        app, spec_kwargs={"marshmallow_plugin": plugin, "extra_plugins": [SignedCalls()]}
    )
    for endpoint in ("api-docs.openapi_json",):
        app.view_functions[endpoint] = mark_public(app.view_functions[endpoint])
    made.spec.options["security"] = [{BEARER: []}]
    return made


def schema_name(schema: Any) -> str:
    """A schema's name in the document: portals may call different things alike."""
    kind = resolve_schema_cls(schema)
    if isinstance(kind, list):
        kind = kind[0]
    part, found, _rest = kind.__module__.partition("_portal")
    prefix = part.capitalize() if found else ""
    return f"{prefix}{kind.__name__.removesuffix('Schema')}"


@api.post("/sessions")
@api.response(201, TokenSchema)
@public_work
@use_command(ApiLoginSchema, location="json")
def sign_in(_work: Work, command: dict[str, Any]) -> Any:
    """A bearer token for a login name and a password."""
    opened = auth.sign_in(command["login"], command["password"], SessionKind.BEARER)
    return {"token": opened.token, "expires_in": runtime().settings.session_max_hours * 3600}


@api.post("/step-ups")
@api.response(201, TokenSchema)
@requires_work(OWN_ACCOUNT)
@use_command(ApiStepUpSchema, location="json")
def step_up(_work: Work, command: dict[str, Any]) -> Any:
    """A single-use token for the act with this digest, after the password was given again."""
    token = auth.prove(command["password"], command["digest"])
    return {"token": token, "expires_in": int(VALID_FOR.total_seconds())}


@api.delete("/sessions/current")
@api.response(204)
@requires(OWN_ACCOUNT)
def sign_out(uow: UnitOfWork) -> ResponseReturnValue:
    """End the session of this token."""
    if uow.actor.session_id is None:
        raise UnauthorisedError("no session")
    sessions.revoke(uow, uow.actor.session_id)
    return "", 204


@docs.get("/api/docs")
@mark_public
def page() -> ResponseReturnValue:
    """Swagger UI without inline scripts."""
    return render_template("site/api_docs.html")


@docs.get("/api/docs/files/<path:name>")
@mark_public
def file(name: str) -> ResponseReturnValue:
    """Swagger UI's own files, out of its package."""
    return send_from_directory(_swagger_folder(), name)


def _swagger_folder() -> Path:
    spec = find_spec("flask_openapi3_swagger")
    if spec is None or spec.origin is None:
        raise RuntimeError("flask-openapi3-swagger is not installed")
    return Path(spec.origin).parent / "templates" / "swagger"

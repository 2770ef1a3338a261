"""Tokens for machines of banks: the token endpoint of OAuth 2.0, client credentials only."""

from typing import Any, Final

from flask import request
from flask_smorest import Blueprint as ApiBlueprint
from marshmallow import fields
from marshmallow.validate import OneOf

from yidaitong.banks import tokens
from yidaitong.banks.clients import TOKEN_LIFE
from yidaitong.banks.commands import Grant
from yidaitong.kernel.schema import CommandSchema, Line
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web.state import runtime
from yidaitong.web.views import public, use_command

# RFC 7523 §2.2.
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

api = ApiBlueprint("oauth_api", __name__, url_prefix="/api/oauth", description="Tokens of machines")


class GrantSchema(CommandSchema):
    """A request for a token (RFC 6749 §4.4.2), authenticated by ``private_key_jwt``."""

    grant_type = fields.String(required=True, validate=OneOf(["client_credentials"]))
    client_assertion_type = fields.String(required=True, validate=OneOf([ASSERTION_TYPE]))
    client_assertion = fields.String(required=True)
    client_id = Line(max_length=64, load_default=None)
    scope = Line(max_length=1024, load_default=None)


class AccessTokenSchema(CommandSchema):
    """A token, shown once (RFC 6749 §5.1)."""

    access_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer(metadata={"description": "seconds"})
    scope = fields.String()


@api.post("/token")
@api.response(200, AccessTokenSchema)
@api.doc(security=[])
@public
@use_command(GrantSchema, location="form")
def token(uow: UnitOfWork, command: dict[str, Any]) -> Any:
    """A token of ten minutes for a machine; calls with it are signed by the machine's key."""
    granted = tokens.grant(
        uow,
        Grant(
            endpoint=f"{runtime().settings.base_url.rstrip('/')}{request.path}",
            assertion=command["client_assertion"],
            client_id=command["client_id"],
            scope=command["scope"],
        ),
    )
    return {
        "access_token": granted.token,
        "token_type": "Bearer",
        "expires_in": int(TOKEN_LIFE.total_seconds()),
        "scope": granted.scope,
    }

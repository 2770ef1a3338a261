"""How calls are secured, in the API's own document: tokens, signed messages, client credentials."""

from typing import Any, Final

from apispec import APISpec, BasePlugin

from yidaitong.web import messages

BEARER: Final = "bearer"
SIGNATURE: Final = "messageSignature"
CLIENT: Final = "clientCredentials"
_TOKEN_URL: Final = "/api/oauth/token"  # noqa: S105 - an address
_SIGNED: Final = (
    'RFC 9421, one signature, parameters created, nonce, keyid, tag="ydt-bank"; covers @method, '
    "@target-uri, authorization, and content-digest and idempotency-key where they are sent."
)
_HEADERS: Final = (
    (messages.INPUT, True, _SIGNED),
    (messages.SIGNATURE, True, "The signature itself (RFC 9421 §4.2)."),
    (messages.DIGEST, False, "sha-256 of the body (RFC 9530); required where there is a body."),
)

_AHEAD: Final = {
    "description": "By how many seconds the caller's clock is ahead, from 11 on.",
    "schema": {"type": "integer"},
}


class SignedCalls(BasePlugin):
    """Writes into each call of the banks' API that it is a signed message."""

    def init_spec(self, spec: APISpec) -> None:
        """Describe the ways a caller shows who it is."""
        components = spec.components
        components.security_scheme(BEARER, {"type": "http", "scheme": "bearer"})
        components.security_scheme(
            SIGNATURE,
            {
                "type": "apiKey",
                "in": "header",
                "name": messages.SIGNATURE,
                "description": _SIGNED,
            },
        )
        flow = {"tokenUrl": _TOKEN_URL, "scopes": {}}
        components.security_scheme(
            CLIENT,
            {
                "type": "oauth2",
                "description": "private_key_jwt; scopes are permissions.",
                "flows": {"clientCredentials": flow},
            },
        )

    def operation_helper(
        self, path: str | None = None, operations: dict[str, Any] | None = None, **_more: Any
    ) -> None:
        """Name the headers of one call, and the header a clock that runs ahead is told by."""
        if path is None or operations is None or not path.startswith(messages.BANK_API):
            return
        for operation in operations.values():
            operation["security"] = [{BEARER: [], SIGNATURE: []}, {CLIENT: [], SIGNATURE: []}]
            operation.setdefault("parameters", []).extend(_parameters())
            for code, answer in operation.get("responses", {}).items():
                if str(code).startswith("2") and isinstance(answer, dict):
                    answer["headers"] = {**answer.get("headers", {}), messages.WARNING: _AHEAD}


def _parameters() -> list[dict[str, Any]]:
    return [
        {
            "in": "header",
            "name": name,
            "required": required,
            "description": text,
            "schema": {"type": "string"},
        }
        for name, required, text in _HEADERS
    ]

"""What anybody may read of the log, and our public keys (C2SP tlog-tiles, RFC 7517)."""

import json
from typing import Any, Final

from flask import Blueprint, g, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from consent.ledger import tiles
from consent.ledger.durable import read_if_there
from consent.ledger.errors import TileError
from consent.ledger.note import KeyKind, VKey
from consent.ledger.paths import read_path
from yidaitong.kernel.crypto.box import KeyUse
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web.views import public

pages = Blueprint("ledger", __name__)

_TEXT: Final = "text/plain; charset=utf-8"
_BYTES: Final = "application/octet-stream"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_A_SECOND: Final = "public, max-age=1"
_FIVE_MINUTES: Final = "public, max-age=300"


def _kept(body: bytes | str, kind: str, caching: str) -> Response:
    g.cacheable = True
    answer = make_response(body)
    answer.headers["Content-Type"] = kind
    answer.headers["Cache-Control"] = caching
    return answer


@pages.get("/ledger/checkpoint")
@public
def checkpoint(uow: UnitOfWork) -> ResponseReturnValue:
    """The newest published head."""
    try:
        return _kept(tiles.checkpoint_bytes(uow.session), _TEXT, _A_SECOND)
    except TileError as error:
        raise NotFoundError("no head is published") from error


@pages.get("/ledger/tile/<path:name>")
@public
def tile(uow: UnitOfWork, name: str) -> ResponseReturnValue:
    """A tile or a bundle of entries of the published log."""
    try:
        body = tiles.tile_bytes(uow.session, read_path(f"tile/{name}"))
    except TileError as error:
        # Not kept by anybody: what is missing now may be there in a second.
        raise NotFoundError("no such tile") from error
    return _kept(body, _BYTES, _FOR_EVER)


@pages.get("/ledger/vkey")
@public
def vkey(uow: UnitOfWork) -> ResponseReturnValue:
    """The log's verifier key. For discovery only: a checker pins what it was given on paper."""
    key = uow.crypto.public_key(uow.session, KeyUse.LOG)
    name = uow.settings.ledger_origin
    return _kept(f"{VKey(name, KeyKind.ED25519, key)}\n", _TEXT, _FIVE_MINUTES)


@pages.get("/.well-known/jwks.json")
@public
def jwks(uow: UnitOfWork) -> ResponseReturnValue:
    """All our public keys, retired ones too, and the pinned keys of the departments."""
    found = uow.crypto.public_jwks(uow.session)
    keys = [*found["keys"], *_department_keys(uow)]
    body = json.dumps({"keys": keys}, ensure_ascii=False, separators=(",", ":"))
    answer = _kept(body, "application/jwk-set+json", _FIVE_MINUTES)
    answer.add_etag()
    return answer.make_conditional(request)


def _department_keys(uow: UnitOfWork) -> list[dict[str, Any]]:
    data = read_if_there(uow.settings.gateway_keys_file)
    if data is None:
        return []
    keys: list[dict[str, Any]] = json.loads(data)["keys"]
    return keys

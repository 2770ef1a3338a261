"""A witness over HTTP: two addresses, plain WSGI, so that a bank needs no framework to run it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from consent.ledger.witness import MAX_BODY, Answer, Witness, add_checkpoint, last_cosigned
from consent.ledger.witnessfiles import FileStore

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
_ADD: Final = "/add-checkpoint"
_HEAD: Final = "/checkpoint"
_PLAIN: Final = {"Content-Type": "text/plain; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class WitnessApp:
    """``POST /add-checkpoint`` and ``GET /HEX/checkpoint``."""

    store: FileStore
    witness: Witness

    def __call__(self, environ: Mapping[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        status, headers, body = self._answer(environ)
        said = {**headers, "Content-Length": str(len(body)), "Cache-Control": "no-store"}
        start(f"{status} {HTTPStatus(status).phrase}", list(said.items()))
        return [body]

    def _answer(self, environ: Mapping[str, Any]) -> Answer:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if path == _ADD:
            if method != "POST":
                return HTTPStatus.METHOD_NOT_ALLOWED.value, _PLAIN | {"Allow": "POST"}, b""
            return add_checkpoint(_body(environ), self.store, self.witness)
        if method == "GET" and path.endswith(_HEAD):
            return last_cosigned(path.removesuffix(_HEAD).removeprefix("/"), self.store)
        return HTTPStatus.NOT_FOUND.value, _PLAIN, b""


def _body(environ: Mapping[str, Any]) -> bytes:
    """The body, to one byte above the limit: more is refused anyway."""
    told = str(environ.get("CONTENT_LENGTH") or "0")
    length = int(told) if told.isascii() and told.isdigit() else 0
    data: bytes = environ["wsgi.input"].read(min(length, MAX_BODY + 1))
    return data

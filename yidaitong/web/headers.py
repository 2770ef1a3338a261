"""Headers on every answer: what a browser may run, frame, keep and tell others."""

from typing import Final

from flask import Flask, g, request
from werkzeug.wrappers import Response

from yidaitong.web.state import trace_id

CSP: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
_ALWAYS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Same-origin, not no-referrer: the CSRF check of HTTPS requests compares the referrer.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_YEAR: Final = 31_536_000


def init_headers(app: Flask, *, https: bool) -> None:
    """Put the headers on every answer, errors and static files included."""

    def add(answer: Response) -> Response:
        for name, value in _ALWAYS.items():
            answer.headers.setdefault(name, value)
        if https:
            answer.headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")
        answer.headers["X-Request-Id"] = trace_id()
        _cache(answer)
        return answer

    app.after_request(add)


def _cache(answer: Response) -> None:
    if request.endpoint == "static" and answer.status_code < 400:  # noqa: PLR2004 - no error
        hashed = (request.view_args or {}).get("filename", "").startswith("vendor/")
        # Vendor files carry their hash in the name; our own change with each release.
        answer.headers["Cache-Control"] = (
            f"public, max-age={_YEAR}, immutable" if hashed else "public, max-age=300"
        )
        return
    if not g.get("cacheable", False):
        answer.headers["Cache-Control"] = "no-store"

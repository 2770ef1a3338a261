"""One party at the API: signs in, calls, waits; every refusal becomes an error that says why."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import requests

from yidaitong.sandbox.story.signing import Call, Signer

_PAUSE: Final = 0.1
_PATIENCE: Final = 90.0
_CONNECT: Final = 5.0
_READ: Final = 30.0
_CLIENT_ERROR: Final = 400
_BUSY: Final = frozenset({429, 503})
_TRIES: Final = 8
_TOKEN: Final = "/api/oauth/token"  # noqa: S105 - an address
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_EARLY: Final = 60.0

T = TypeVar("T")


class StoryError(Exception):
    """A step of a story did not go as the story needs; ``code`` is the API's."""

    def __init__(self, step: str, code: str, detail: str = "") -> None:
        super().__init__(f"{step}: {code} {detail}".strip())
        self.step = step
        self.code = code


@dataclass(slots=True)
class Party:
    """A caller of one realm's API; ``token`` is empty before signing in.

    With a ``signer`` every call is a signed message, as the bank's API wants it. A machine is a
    party with a ``client_id``: it gets its tokens by itself, a new one before the last one ends.
    """

    base_url: str
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    signer: Signer | None = None
    client_id: str = ""
    renew_at: float = 0.0
    session: requests.Session = field(default_factory=requests.Session, repr=False)

    def sign_in(self, login: str) -> None:
        """Get a bearer token."""
        body = {"login": login, "password": self.password}
        self.token = self.post("/api/session/v1/sessions", body)["token"]

    def step_up(self, digest: str) -> str:
        """A single-use token for the act with this digest."""
        body = {"password": self.password, "digest": digest}
        return str(self.post("/api/session/v1/step-ups", body)["token"])

    def get(self, path: str, **query: str) -> Any:
        """The JSON at ``path``."""
        return self._call("GET", path, params=query).json()

    def text(self, path: str) -> str:
        """The text at ``path``: a sealed packet, a checkpoint."""
        return self._call("GET", path).text

    def content(self, path: str) -> bytes:
        """The bytes at ``path``: a tile of the log."""
        return self._call("GET", path).content

    def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON answer to ``body``; None where there is none."""
        answer = self._call("POST", path, json=body, headers=headers)
        return answer.json() if answer.content else None

    def once(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> requests.Response:
        """One call, whatever its answer is; ``options`` are the library's own."""
        if self.client_id and time.monotonic() >= self.renew_at:
            self._renew()
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        wanted = requests.Request(
            method, f"{self.base_url}{path}", headers={**(headers or {}), **bearer}, **options
        )
        prepared = self.session.prepare_request(wanted)
        self._sign(prepared)
        return self.session.send(prepared, timeout=(_CONNECT, _READ), allow_redirects=False)

    def _call(self, method: str, path: str, **options: Any) -> requests.Response:
        for _ in range(_TRIES):
            answer = self.once(method, path, **options)
            if answer.status_code not in _BUSY:
                break
            time.sleep(min(float(answer.headers.get("Retry-After", "1")), 2.0))
        if answer.status_code >= _CLIENT_ERROR:
            raise StoryError(f"{method} {path}", *_reason(answer))
        return answer

    def _renew(self) -> None:
        """Client credentials (RFC 6749 §4.4): a token for a signed assertion."""
        if self.signer is None:
            raise StoryError("token", "NO_KEY")
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION,
            "client_assertion": self.signer.assertion(
                self.client_id, f"{self.signer.origin}{_TOKEN}"
            ),
        }
        answer = self.session.post(f"{self.base_url}{_TOKEN}", form, timeout=(_CONNECT, _READ))
        if answer.status_code >= _CLIENT_ERROR:
            raise StoryError("token", *_reason(answer))
        given = answer.json()
        self.token = given["access_token"]
        self.renew_at = time.monotonic() + given["expires_in"] - _EARLY

    def _sign(self, prepared: requests.PreparedRequest) -> None:
        """Each try is a message of its own: a second copy would be refused."""
        if self.signer is None:
            return
        body = prepared.body or b""
        call = Call(
            str(prepared.method),
            f"{self.signer.origin}{prepared.path_url}",
            {name: str(value) for name, value in prepared.headers.items()},
        )
        self.signer.sign(call, body.encode() if isinstance(body, str) else body)
        prepared.headers.update(call.headers)


def _reason(answer: requests.Response) -> tuple[str, str]:
    try:
        problem = answer.json()
    except ValueError:
        return str(answer.status_code), ""
    fields = [f"{one['name']}={one['code']}" for one in problem.get("fields", [])]
    return str(problem.get("code")), " ".join([*fields, str(problem.get("trace_id", ""))])


def wait_for(step: str, look: Callable[[], T | None], patience: float = _PATIENCE) -> T:
    """What ``look`` finds, asked again until it finds something.

    Raises:
        StoryError: it found nothing in time.
    """
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(_PAUSE)
    raise StoryError(step, "TOO_LATE")

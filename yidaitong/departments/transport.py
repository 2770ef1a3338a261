"""The one way out of the house over HTTP: listed hosts, checked addresses, hard limits."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from yidaitong.departments.addresses import AddressRefusedError, Resolver, SlowNameError
from yidaitong.departments.sockets import (
    Call,
    DeadlineError,
    DeadlineSocket,
    DeadlineTlsSocket,
    NoConnectionError,
    TooLargeError,
    connect,
    working_on,
)
from yidaitong.kernel.clock import monotonic

CONNECTIONS: Final = 16  # Per department; at least as many as threads that ask it at once.
_CHUNK: Final = 1 << 16
# Status line, headers and framing, beyond the answer itself.
_OVERHEAD_BYTES: Final = 1 << 17
_PORTS: Final = {"http": 80, "https": 443}
_OK: Final = 200


class EgressError(Exception):
    """No reply that could be read; ``problem`` is a code, the cause is not quoted."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP reply; ``body`` is read, and decoded, only with a status worth reading."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Connection(HTTPConnection):
    def _new_conn(self) -> DeadlineSocket:
        return connect()


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> DeadlineSocket:
        return connect()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    """Connections made by us; certificates are checked by our context."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        # Never repeated here: a ticket is good for one request.
        super().__init__(pool_connections=2, pool_maxsize=CONNECTIONS, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, *_: Any, **__: Any) -> None:
        """Pools of our connections; one more than ``maxsize`` is made and thrown away."""
        self.poolmanager = PoolManager(connections, maxsize=maxsize, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing to add: the context holds the authorities and demands a certificate."""


class _Session(requests.Session):
    """No surroundings, no cookies, no redirects."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self.trust_env = False
        self.headers.clear()
        self.headers["User-Agent"] = "yidaitong"
        self.headers["Accept-Encoding"] = "identity"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _Adapter(context)
        for scheme in _PORTS:
            self.mount(f"{scheme}://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: the library would read the whole body of a redirect without a limit."""
        del resp
        return None


@dataclass
class Egress:
    """Sends to the ``hosts`` named and nowhere else; safe to share between threads."""

    hosts: frozenset[str]
    resolver: Resolver
    max_bytes: int
    ca_file: Path | None = None
    # Replies whose body says something.
    worth_reading: frozenset[int] = frozenset({_OK})

    def __post_init__(self) -> None:
        self._sessions: dict[str, _Session] = {}
        self._lock = Lock()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        cafile = DEFAULT_CA_BUNDLE_PATH if self.ca_file is None else str(self.ca_file)
        context = ssl.create_default_context(cafile=cafile)
        context.sslsocket_class = DeadlineTlsSocket
        return context

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, pool: str
    ) -> Reply:
        """One POST that holds this thread at most ``seconds``; ``pool`` names the connections.

        Raises:
            EgressError: ADDRESS, REFUSED, TIMEOUT, TOO_LARGE or BROKEN.
        """
        call = Call(monotonic() + seconds, self.max_bytes + _OVERHEAD_BYTES)
        try:
            with working_on(call):
                target = self._target(url)
                port = target.port or _PORTS[target.scheme]
                call.addresses = self.resolver.addresses(
                    str(target.hostname), port, call.seconds_left()
                )
                return self._send(self._session(pool), url, body, headers)
        except AddressRefusedError:
            problem = "ADDRESS"
        except (DeadlineError, SlowNameError):
            problem = "TIMEOUT"
        except NoConnectionError:
            problem = "REFUSED"
        except TooLargeError:
            problem = "TOO_LARGE"
        except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError):
            problem = "BROKEN"
        # Outside the handler: the cause may quote the address or the body.
        raise EgressError(problem)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()
        self.resolver.close()

    def _target(self, url: str) -> SplitResult:
        target = urlsplit(url)
        plain = target.username is None and target.password is None and "\\" not in url
        if target.scheme not in _PORTS or not plain or target.hostname not in self.hosts:
            raise AddressRefusedError("not on the list")
        return target

    def _session(self, pool: str) -> _Session:
        with self._lock:
            session = self._sessions.get(pool)
            if session is None:
                session = self._sessions[pool] = _Session(self._context)
            return session

    def _send(self, session: _Session, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        with session.post(
            url, data=body, headers=dict(headers), allow_redirects=False, stream=True
        ) as response:
            worth = response.status_code in self.worth_reading
            content = self._read(response) if worth else b""
            return Reply(status=response.status_code, headers=response.headers, body=content)

    def _read(self, response: requests.Response) -> bytes:
        """The decoded body; what unpacks to more than the limit is dropped on the way."""
        parts, size = [], 0
        while part := response.raw.read(_CHUNK, decode_content=True):
            size += len(part)
            if size > self.max_bytes:
                raise TooLargeError
            parts.append(part)
        return b"".join(parts)

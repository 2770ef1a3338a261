"""The whole installation on one machine: servers, schema, keys, processes."""

import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

from yidaitong.embedded.children import Child, Supervisor
from yidaitong.embedded.errors import EmbeddedError
from yidaitong.embedded.home import Home, only_one, servers, variables
from yidaitong.jobs import ledger
from yidaitong.kernel.settings import load_settings
from yidaitong.migrations import migrate
from yidaitong.runtime import Runtime
from yidaitong.sandbox import keys

WEB_PORT: Final = 8000
SANDBOX_PORT: Final = 8100
_LOOPBACK: Final = "127.0.0.1"
_TRIES: Final = 50
_READY_SECONDS: Final = 60.0
_BACKLOG: Final = 512
_WORKERS: Final = ("worker-1", "worker-2")


@dataclass(frozen=True, slots=True)
class Stack:
    """A running installation."""

    home: Home
    runtime: Runtime
    supervisor: Supervisor
    base_url: str
    sandbox_url: str
    environment: Mapping[str, str] = field(repr=False)


@contextmanager
def running(
    home: Home, environ: Mapping[str, str], port: int | None, tell: Callable[[str], None]
) -> Iterator[Stack]:
    """Everything up and answering while the block runs; only what was started is stopped.

    Raises:
        EmbeddedError: another demo runs here, a port is taken, or something does not come up.
    """
    with ExitStack() as stack:
        stack.enter_context(only_one(home))
        tell("servers")
        urls = stack.enter_context(servers(home, environ))
        web = stack.enter_context(_listening(port, WEB_PORT))
        sandbox = stack.enter_context(_listening(None, SANDBOX_PORT))
        addresses = _addresses(environ, web, sandbox)
        home.remember(addresses)
        environment = variables(home, environ, **urls, **addresses)
        tell("schema and keys")
        runtime = _prepared(environment)
        stack.callback(runtime.close)
        tell("processes")
        supervisor = Supervisor(environment, tell)
        stack.callback(supervisor.stop)
        for child in _children(home, web.fileno(), sandbox.fileno()):
            supervisor.add(child)
        base_url, sandbox_url = addresses["YDT_BASE_URL"], addresses["YDT_GATEWAY_URL"]
        own = f"http://{_LOOPBACK}:{web.getsockname()[1]}"
        supervisor.wait_until(lambda: _answers(f"{own}/ready"), "no web", _READY_SECONDS)
        departments = f"http://{_LOOPBACK}:{sandbox.getsockname()[1]}"
        supervisor.wait_until(
            lambda: _answers(f"{departments}/health"), "no departments", _READY_SECONDS
        )
        yield Stack(home, runtime, supervisor, base_url, sandbox_url, environment)


def _prepared(environment: Mapping[str, str]) -> Runtime:
    settings = load_settings(environment)
    migrate.ensure_database(settings.owner_database_url)
    migrate.upgrade(settings.owner_database_url)
    runtime = Runtime(settings)
    keys.ensure(settings.home)
    keys.publish_platform_keys(runtime)
    ledger.init(runtime)
    return runtime


def _children(home: Home, web: int, sandbox: int) -> Iterator[Child]:
    yield _child(home, "sandbox", "sandbox", "serve", "--fd", str(sandbox), descriptors=(sandbox,))
    yield _child(home, "web", "web", "--fd", str(web), descriptors=(web,))
    yield _child(home, "ledger", "ledger", "run")
    yield _child(home, "ticker", "ticker")
    for name in _WORKERS:
        yield _child(home, name, "worker")


def _child(home: Home, name: str, *words: str, descriptors: tuple[int, ...] = ()) -> Child:
    command = [sys.executable, "-m", "yidaitong.cli", *words]
    return Child(name, command, home.log(name), descriptors)


def _addresses(
    environ: Mapping[str, str], web: socket.socket, sandbox: socket.socket
) -> dict[str, str]:
    """Where the parts find each other, unless the caller knows better."""
    departments = f"http://{_LOOPBACK}:{sandbox.getsockname()[1]}"
    made = {
        "YDT_BASE_URL": f"http://{_LOOPBACK}:{web.getsockname()[1]}",
        "YDT_GATEWAY_URL": departments,
        "YDT_IDENTITY_PROVIDER_URL": f"{departments}/identity",
    }
    return {name: environ.get(name) or value for name, value in made.items()}


@contextmanager
def _listening(port: int | None, first: int) -> Iterator[socket.socket]:
    """A listening socket that the supervisor holds: while a server restarts, callers wait.

    Raises:
        EmbeddedError: ``port`` is taken, or many from ``first`` on are.
    """
    wanted = range(first, first + _TRIES) if port is None else (port,)
    for number in wanted:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_LOOPBACK, number))
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            continue
        with listener:
            yield listener
        return
    raise EmbeddedError(f"port {port} is taken" if port else f"no free port from {first} on")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310 - our own address
            return bool(answer.status < 300)  # noqa: PLR2004 - HTTP
    except (urllib.error.URLError, OSError):
        return False

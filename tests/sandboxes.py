"""The departments as a live server on a real socket, bound to a runtime or alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from yidaitong.kernel.clock import wall
from yidaitong.runtime import Runtime
from yidaitong.sandbox.journal import Entry
from yidaitong.sandbox.keys import pins_path, platform_path, publish_platform_keys
from yidaitong.sandbox.server import EXTENSION, Sandbox, create_app


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing: tests read the journal."""


@dataclass
class LiveSandbox:
    """The running departments; ``url`` is their address."""

    url: str
    home: Path
    sandbox: Sandbox

    def fault(self, kind: str, **members: Any) -> None:
        """Have one fault from now on; ``department``, ``resource``, ``uscc``, ``times``…"""
        self.sandbox.faults.replace([{"kind": kind, **members}])

    def faults(self, *bodies: dict[str, Any]) -> None:
        """Have these faults, or none, from now on."""
        self.sandbox.faults.replace(list(bodies))

    def log(self, resource: str | None = None) -> list[Entry]:
        """What was asked and answered, oldest first."""
        return self.sandbox.journal.entries(resource)

    def turn_clock(self, clock: Any) -> None:
        """Let the departments live at another time: a function that gives an aware time."""
        self.sandbox.clock = clock


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """``app`` on a free port of this machine, one thread a connection; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def sandbox_at(home: Path, clock: Any = wall) -> Iterator[LiveSandbox]:
    """The departments with their state in ``home``; our keys are read from there."""
    app = create_app(home, platform_path(home), clock=clock)
    with served(app) as url:
        yield LiveSandbox(url, home, app.extensions[EXTENSION])


@contextmanager
def live_sandbox(runtime: Runtime) -> Iterator[LiveSandbox]:
    """The departments, and ``runtime`` pointed at them: gateway, identity provider, pins.

    The platform's public keys are published to them. Use it before the runtime's gateway.
    """
    publish_platform_keys(runtime)
    home = runtime.settings.home
    with sandbox_at(home) as live:
        runtime.settings = replace(
            runtime.settings,
            gateway_url=live.url,
            identity_provider_url=f"{live.url}/identity",
            gateway_keys_file=pins_path(home),
            allow_private_addresses=True,
        )
        runtime.__dict__.pop("gateway", None)
        try:
            yield live
        finally:
            gateway = runtime.__dict__.pop("gateway", None)
            if gateway is not None:
                gateway.close()


def at(moment: datetime) -> Any:
    """A clock that stands still."""
    return lambda: moment

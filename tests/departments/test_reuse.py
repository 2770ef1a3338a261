"""Connections to a department that keeps them open are used again."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.departments.gateways import Platform, a_gateway
from tests.sandboxes import LiveSandbox


class _Server(ThreadingHTTPServer):
    """Counts connections; werkzeug's and the sandbox's close each after one answer."""

    accepted = 0

    def get_request(self) -> tuple[object, object]:  # type: ignore[override]
        self.accepted += 1
        return super().get_request()


class _Keeping(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/jose")
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"a.b.c")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def keeping() -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Keeping)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_five_questions_take_one_connection(
    keeping: _Server, live: LiveSandbox, platform: Platform
) -> None:
    url = f"http://127.0.0.1:{keeping.server_port}"
    with a_gateway(live, platform, gateway_url=url) as gateway:
        problems = {gateway.fetch(platform.order("TAX.PAY")).problem for _ in range(5)}

    assert problems == {"UNSIGNED"}
    assert keeping.accepted == 1

"""Whatever bytes come back, a fetch ends with a code: it raises nothing and believes nothing."""

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from tests.departments.gateways import Platform, a_gateway
from tests.sandboxes import LiveSandbox

SEED = 20180717
GOOD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/jose\r\nContent-Length: 40\r\n"
    b"Connection: close\r\n\r\n" + b"eyJhIjoxfQ.eyJhIjoxfQ.AAAAAAAAAAAAAAAAAAA"
)
PIECES = (
    *(b"\r\n", b"\n", b":", b" ", b"\x00", b"\xff", b"HTTP/1.1 ", b"HTTP/9.9 ", b"-1", b"99999999"),
    *(b"Content-Length: 5\r\n", b"Content-Length: 6\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"Content-Encoding: gzip\r\n", b"Content-Encoding: br, gzip, deflate\r\n", b"Location: \r\n"),
    *(b"Set-Cookie: a=b\r\n", b"X: " + b"x" * 70_000 + b"\r\n", b"X: y\r\n" * 150),
    *(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    *(b"ZZZ\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n", b"Content-Type: \r\n", b"Retry-After: x\r\n"),
)


def damaged(chance: random.Random) -> bytes:
    """A good reply after a few cuts, repeats and insertions."""
    text = bytearray(GOOD)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(4):
            case 0:
                text[at:at] = chance.choice(PIECES)
            case 1:
                del text[at : at + chance.randint(1, 30)]
            case 2:
                text[at : at + 1] = bytes([chance.randrange(256)])
            case _:
                del text[at:]
    return bytes(text)


@contextmanager
def saying(replies: list[bytes]) -> Iterator[str]:
    """A server that gives one of ``replies`` to each connection and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            server.settimeout(2)
            for reply in replies:
                try:
                    peer, _ = server.accept()
                except TimeoutError:
                    return  # A call met the end of a connection and made no other.
                with peer:
                    peer.settimeout(2)
                    peer.recv(65_536)
                    try:
                        peer.sendall(reply)
                    except OSError:
                        continue

        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            thread.join()


@pytest.mark.promise("R7")
@pytest.mark.promise("T14")
def test_any_bytes_end_with_a_code(live: LiveSandbox, platform: Platform) -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable
    replies = [damaged(chance) for _ in range(300)]
    replies += [chance.randbytes(chance.randrange(200)) for _ in range(50)]
    with saying(replies) as url, a_gateway(live, platform, gateway_url=url) as gateway:
        found = [gateway.fetch(platform.order()) for _ in replies]

    assert all(one.problem is not None for one in found)
    assert all(one.answer is None or one.answer.items == {} for one in found)
    assert {one.problem for one in found} >= {"BROKEN", "UNSIGNED", "BAD_TYPE"}

"""Which addresses may be called, however they are written or resolved; TLS; surroundings."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask, Response, request
from werkzeug.serving import make_server

from tests.sandboxes import served
from yidaitong.departments import addresses
from yidaitong.departments.addresses import AddressRefusedError, Resolver, SlowNameError, is_public
from yidaitong.departments.transport import Egress, EgressError, Reply
from yidaitong.kernel.clock import monotonic, wall

INNER = [
    *("127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.1", "0.1.2.3"),
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1"),
    *("192.168.255.255", "169.254.0.1", "169.254.169.254", "169.254.170.2", "100.64.0.1"),
    *("100.100.100.200", "100.127.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1"),
    *("198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255", "192.88.99.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    *("64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:0a00:0001::"),
    *("2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "3fff::1"),
    *("fe80::1", "fe80::1%lo", "febf::1", "fec0::1", "fc00::1", "fd00::1", "fd00:ec2::254"),
    *("fdff:ffff::1", "ff02::1", "ff05::2", "100::1", "5f00::1"),
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "223.5.5.5", "114.114.114.114", "2400:3200::1", "2606:4700::1111"]
# This machine, as a URL may spell it.
SPELLINGS = [
    *("127.0.0.1", "127.1", "127.0.1", "0", "0.0.0", "2130706433", "0x7f000001", "0x7f.1"),
    *("0177.0.0.1", "017700000001", "localhost", "LOCALHOST", "127.0.0.1."),
    *("[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]", "[::ffff:7f00:1]"),
]


def rows(*found: str) -> list[tuple[Any, ...]]:
    """What getaddrinfo gives for these addresses."""
    made = []
    for text in found:
        six = ":" in text
        family = socket.AF_INET6 if six else socket.AF_INET
        address = (text, 443, 0, 0) if six else (text, 443)
        made.append((family, socket.SOCK_STREAM, 6, "", address))
    return made


@contextmanager
def resolver(answers: list[list[str]], *, allow_private: bool = False) -> Iterator[Resolver]:
    """A resolver whose name service gives each of ``answers`` once, then the last for ever."""
    left = list(answers)

    def look_up(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        return rows(*(left.pop(0) if len(left) > 1 else left[0]))

    made = Resolver(allow_private=allow_private, look_up=look_up)
    yield made
    made.close()


@contextmanager
def egress(
    *hosts: str, allow_private: bool = True, ca_file: Path | None = None
) -> Iterator[Egress]:
    made = Egress(
        hosts=frozenset(hosts),
        resolver=Resolver(allow_private=allow_private),
        max_bytes=1000,
        ca_file=ca_file,
    )
    yield made
    made.close()


def post(out: Egress, url: str, seconds: float = 0.5) -> Reply:
    return out.post(url, b"{}", {}, seconds=seconds, pool="test")


def problem(out: Egress, url: str, seconds: float = 0.5) -> str:
    with pytest.raises(EgressError) as caught:
        post(out, url, seconds)
    return caught.value.problem


@pytest.fixture
def seen() -> list[str]:
    return []


@pytest.fixture
def url(seen: list[str]) -> Iterator[str]:
    app = Flask("there")

    @app.route("/", methods=["GET", "POST"])
    def there() -> Response:
        seen.append(request.headers.get("Cookie", "") + request.headers.get("Authorization", ""))
        return Response("yes", headers={"Set-Cookie": "who=me; Path=/"})

    with served(app) as found:
        yield found


class TestAddresses:
    @pytest.mark.promise("T12")
    @pytest.mark.parametrize("text", INNER)
    def test_an_inner_address_is_not_public(self, text: str) -> None:
        assert not is_public(ip_address(text.partition("%")[0]))

    @pytest.mark.parametrize("text", PUBLIC)
    def test_a_public_one_is(self, text: str) -> None:
        assert is_public(ip_address(text))

    @pytest.mark.promise("T12")
    @pytest.mark.parametrize("text", INNER)
    def test_one_inner_address_refuses_the_name(self, text: str) -> None:
        with resolver([["1.1.1.1", text]]) as found, pytest.raises(AddressRefusedError):
            found.addresses("gateway.example", 443, 1)

    @pytest.mark.promise("T12")
    def test_a_changing_answer_cannot_outrun_the_check(self) -> None:
        with resolver([["1.1.1.1"], ["127.0.0.1"]]) as found:
            first = found.addresses("gateway.example", 443, 1)
            again = found.addresses("gateway.example", 443, 1)

        assert first == again == ((socket.AF_INET, ("1.1.1.1", 443)),)

    @pytest.mark.promise("T12")
    def test_a_renewed_pin_is_checked_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(addresses, "PIN_SECONDS", 0.0)
        with resolver([["1.1.1.1"], ["127.0.0.1"]]) as found:
            found.addresses("gateway.example", 443, 1)
            with pytest.raises(AddressRefusedError):
                found.addresses("gateway.example", 443, 1)

    def test_a_name_service_that_hangs_does_not_hold_us(self) -> None:
        go = Event()

        def hang(*_: Any, **__: Any) -> list[Any]:
            go.wait(5)
            return []

        found = Resolver(allow_private=True, look_up=hang)
        began = monotonic()
        with pytest.raises(SlowNameError):
            found.addresses("gateway.example", 443, 0.1)
        held = monotonic() - began
        go.set()
        found.close()

        assert held < 1

    def test_a_name_that_does_not_exist_is_refused(self) -> None:
        with resolver([[]]) as found, pytest.raises(AddressRefusedError):
            found.addresses("gateway.example", 443, 1)


class TestHosts:
    @pytest.mark.promise("T12")
    @pytest.mark.parametrize("spelling", SPELLINGS)
    def test_this_machine_is_refused_in_every_spelling(
        self, url: str, seen: list[str], spelling: str
    ) -> None:
        port = url.rpartition(":")[2]
        with egress(spelling.strip("[]").lower(), allow_private=False) as out:
            assert problem(out, f"http://{spelling}:{port}/") == "ADDRESS"

        assert seen == []

    @pytest.mark.promise("T12")
    @pytest.mark.parametrize(
        "address",
        [
            "http://other.example/",
            "http://127.0.0.1:{port}.other.example/",
            "http://127.0.0.1:{port}@other.example/",
            "http://me:pass@127.0.0.1:{port}/",
            "http://other.example\\@127.0.0.1:{port}/",
            "http://other.example#@127.0.0.1:{port}/",
            "http:///127.0.0.1:{port}/",
            "ftp://127.0.0.1:{port}/",
            "file:///etc/passwd",
            "gopher://127.0.0.1:{port}/",
            "//127.0.0.1:{port}/",
            "127.0.0.1:{port}",
            "",
        ],
    )
    def test_only_listed_hosts_over_http_are_called(
        self, url: str, seen: list[str], address: str
    ) -> None:
        with egress("127.0.0.1") as out:
            found = problem(out, address.format(port=url.rpartition(":")[2]))

        assert found in {"ADDRESS", "BROKEN"}
        assert seen == []

    def test_a_listed_host_answers(self, url: str) -> None:
        with egress("127.0.0.1") as out:
            assert post(out, f"{url}/").body == b"yes"


class TestSurroundings:
    def test_cookies_are_neither_kept_nor_sent(self, url: str, seen: list[str]) -> None:
        with egress("127.0.0.1") as out:
            post(out, f"{url}/")
            post(out, f"{url}/")

        assert seen == ["", ""]

    def test_the_environment_sends_us_nowhere(
        self, url: str, seen: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login me password secret")
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        with egress("127.0.0.1") as out:
            assert post(out, f"{url}/").status == 200

        assert seen == [""]


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate of ``name`` and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wall() - timedelta(days=1))
        .not_valid_after(wall() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, secret = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, secret


@contextmanager
def secure(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """A TLS server that answers "yes"; its address on this machine and its authority."""
    app = Flask("there")
    app.add_url_rule("/", "there", lambda: "yes", methods=["POST"])
    files = certificate(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=context)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}/", files[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TestTls:
    def test_a_certificate_of_the_named_authority_is_accepted(self, tmp_path: Path) -> None:
        with (
            secure(tmp_path, "localhost") as (url, authority),
            egress("localhost", ca_file=authority) as out,
        ):
            assert post(out, url).body == b"yes"
            assert post(out, url).body == b"yes"

    def test_another_authority_is_not(self, tmp_path: Path) -> None:
        with secure(tmp_path, "localhost") as (url, _), egress("localhost") as out:
            assert problem(out, url) == "BROKEN"

    def test_nor_another_name(self, tmp_path: Path) -> None:
        with (
            secure(tmp_path, "other.example") as (url, authority),
            egress("localhost", ca_file=authority) as out,
        ):
            assert problem(out, url) == "BROKEN"

    @pytest.mark.promise("R7")
    def test_a_silent_handshake_ends_in_time(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as deaf, egress("localhost") as out:
            began = monotonic()
            found = problem(out, f"https://localhost:{deaf.getsockname()[1]}/", 0.3)

        assert found == "TIMEOUT"
        assert monotonic() - began < 0.6

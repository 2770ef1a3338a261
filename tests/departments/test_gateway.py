"""Asking departments over real sockets: good answers, and everything that is not one."""

import json
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from consent.events import sha256_b64u
from tests.departments.gateways import DEADLINE, FIRM, Platform, a_gateway
from tests.sandboxes import LiveSandbox, sandbox_at
from yidaitong.departments.answers import Outcome
from yidaitong.departments.gateway import Gateway
from yidaitong.departments.wire import ANSWER_TYP, Fetched
from yidaitong.enterprises.errors import RegistryUnavailableError
from yidaitong.enterprises.registry import RegistryQuestion
from yidaitong.kernel.clock import business_date, monotonic, wall
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.keys import KeySet, generate, public_of
from yidaitong.kernel.ids import uuid7
from yidaitong.sandbox.faults import FaultKind
from yidaitong.sandbox.keys import pins_path
from yidaitong.sandbox.wires import bomb

MARGIN = 0.05  # Promised: a thread is held no longer than the deadline and this.

# What each fault comes to: the problem, and whether asking again makes sense.
ZOO = {
    FaultKind.SILENCE: ("TIMEOUT", True),
    FaultKind.SLOW: ("TIMEOUT", True),
    FaultKind.HEADER_DRIP: ("TIMEOUT", True),
    FaultKind.BODY_DRIP: ("TIMEOUT", True),
    FaultKind.RESET: ("BROKEN", True),
    FaultKind.CUT: ("BROKEN", True),
    FaultKind.CHUNK_LIE: ("BROKEN", True),
    FaultKind.CHUNK_ENDLESS: ("TOO_LARGE", False),
    FaultKind.HUGE: ("TOO_LARGE", False),
    FaultKind.GZIP_BOMB: ("TOO_LARGE", False),
    FaultKind.HTTP_500: ("HTTP_500", True),
    FaultKind.HTTP_503: ("HTTP_503", True),
    FaultKind.HTTP_429: ("HTTP_429", True),
    FaultKind.HTTP_403: ("HTTP_403", False),
    FaultKind.HTML: ("BAD_TYPE", False),
    FaultKind.REDIRECT: ("REDIRECT", False),
    FaultKind.EMPTY: ("UNSIGNED", False),
    FaultKind.GARBAGE: ("UNSIGNED", False),
    FaultKind.UNSIGNED: ("UNSIGNED", False),
    FaultKind.ALG_NONE: ("WRONG_KEY", False),
    FaultKind.BAD_SIGNATURE: ("BAD_SIGNATURE", False),
    FaultKind.WRONG_KEY: ("WRONG_KEY", False),
    FaultKind.OTHER_DEPARTMENT: ("WRONG_KEY", False),
    FaultKind.TRUNCATED_JSON: ("BAD_JSON", False),
    FaultKind.DEEP_JSON: ("BAD_JSON", False),
    FaultKind.ODD_NUMBER: ("BAD_JSON", False),
    FaultKind.NAN: ("BAD_JSON", False),
    FaultKind.DUPLICATE_KEYS: ("BAD_JSON", False),
    FaultKind.WRONG_CHARSET: ("BAD_JSON", False),
    FaultKind.SURROGATE: ("BAD_JSON", False),
    FaultKind.WRONG_ENTERPRISE: ("WRONG_SUBJECT", False),
    FaultKind.WRONG_REQUEST: ("WRONG_REQUEST", False),
    FaultKind.WRONG_RESOURCE: ("WRONG_REQUEST", False),
    FaultKind.BAD_SCHEMA: ("BAD_SCHEMA", False),
    FaultKind.UNASKED: ("UNASKED_FIELDS", False),
    FaultKind.OLD: ("NOT_FRESH", False),
}
SAID = {
    FaultKind.STALE: Outcome.STALE,
    FaultKind.PARTIAL: Outcome.PARTIAL,
    FaultKind.UNAVAILABLE: Outcome.UNAVAILABLE,
    FaultKind.RATE_LIMITED: Outcome.RATE_LIMITED,
    FaultKind.NOT_AUTHORISED: Outcome.NOT_AUTHORISED,
    FaultKind.SUBJECT_MISMATCH: Outcome.SUBJECT_MISMATCH,
}
# Slow on purpose: the gap of a drip, or the wait beyond the deadline.
SECONDS = {FaultKind.SLOW: 1.5, FaultKind.HTTP_503: 7, FaultKind.HTTP_429: 7}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("departments")


@pytest.fixture(scope="module")
def platform(home: Path) -> Platform:
    return Platform(home)


@pytest.fixture(scope="module")
def departments(home: Path, platform: Platform) -> Iterator[LiveSandbox]:
    bomb()  # Made before anybody is timed.
    with sandbox_at(home) as live:
        yield live


@pytest.fixture
def live(departments: LiveSandbox) -> LiveSandbox:
    departments.faults()
    departments.sandbox.journal.clear()
    return departments


@pytest.fixture
def gateway(live: LiveSandbox, platform: Platform) -> Iterator[Gateway]:
    with a_gateway(live, platform) as made:
        yield made


def timed(gateway: Gateway, platform: Platform, resource: str) -> tuple[Fetched, float]:
    order = platform.order(resource)
    began = monotonic()
    fetched = gateway.fetch(order)
    return fetched, monotonic() - began


class TestAnswer:
    def test_a_good_answer_is_whole_and_signed(
        self, gateway: Gateway, live: LiveSandbox, platform: Platform
    ) -> None:
        order = platform.order("TAX.PAY")

        fetched = gateway.fetch(order)

        answer = fetched.answer
        assert answer is not None
        assert (fetched.problem, fetched.retryable, answer.why) == (None, False, None)
        assert answer.outcome is Outcome.DATA
        assert set(answer.items) == {"paid"}
        pins = KeySet.read(pins_path(live.home).read_bytes()).owned_by("TAX")
        signed = json.loads(jws.verify(answer.jws, typ=ANSWER_TYP, keys=pins).payload)
        assert signed["request_sha256"] == order.request_sha256
        assert signed["items"] == answer.items
        assert answer.sha256 == sha256_b64u(answer.jws.encode())
        assert fetched.started_at <= fetched.ended_at

    def test_nothing_on_record_is_a_dated_and_signed_answer(
        self, gateway: Gateway, platform: Platform
    ) -> None:
        answer = gateway.fetch(platform.order("COURT.DIS", fields=("dishonest",))).answer

        assert answer is not None
        assert answer.outcome is Outcome.NO_RECORD
        assert answer.as_of is not None
        assert answer.jws != ""

    def test_connections_are_used_again(self, gateway: Gateway, platform: Platform) -> None:
        threads = threading.active_count()
        for _ in range(5):
            assert gateway.fetch(platform.order("SAMR.REG")).problem is None

        # The departments' server has one thread a connection.
        assert threading.active_count() - threads <= 1

    @pytest.mark.parametrize("kind", SAID)
    def test_what_a_department_says_plainly_is_an_answer(
        self, gateway: Gateway, live: LiveSandbox, platform: Platform, kind: FaultKind
    ) -> None:
        live.fault(kind)

        fetched = gateway.fetch(platform.order("TAX.PAY"))

        assert fetched.problem is None
        assert fetched.answer is not None
        assert fetched.answer.outcome is SAID[kind]
        assert fetched.retryable is (kind in {FaultKind.UNAVAILABLE, FaultKind.RATE_LIMITED})

    def test_a_deadline_is_counted_from_the_check_of_the_consent(
        self, gateway: Gateway, live: LiveSandbox, platform: Platform
    ) -> None:
        late = replace(platform.order("TAX.PAY"), made=monotonic() - DEADLINE)

        fetched = gateway.fetch(late)

        assert (fetched.problem, fetched.retryable) == ("TIMEOUT", True)
        assert live.log() == []


class TestZoo:
    def test_every_fault_has_its_line(self) -> None:
        assert set(FaultKind) == ZOO.keys() | SAID.keys()

    @pytest.mark.promise("R7")
    @pytest.mark.promise("T3")
    @pytest.mark.parametrize("kind", ZOO)
    def test_a_bad_reply_gives_its_reason_in_time_and_no_content(
        self, gateway: Gateway, live: LiveSandbox, platform: Platform, kind: FaultKind
    ) -> None:
        live.fault(kind, seconds=SECONDS.get(kind, 0.05))
        found = []
        # The machine may be busy: what is too slow by itself is so each time.
        for _ in range(3):
            fetched, seconds = timed(gateway, platform, "TAX.PAY")
            found.append((fetched.problem, fetched.retryable, seconds <= DEADLINE + MARGIN))
            if fetched.answer is not None:
                assert fetched.answer.items == {}
                assert fetched.answer.jws == ""
                assert fetched.answer.why in {"BAD_ANSWER", "MISMATCH"}
            if found[-1] == (*ZOO[kind], True):
                break
        assert found[-1] == (*ZOO[kind], True)

        live.faults()
        assert gateway.fetch(platform.order("TAX.PAY")).problem is None

    @pytest.mark.promise("T14")
    @pytest.mark.parametrize(
        "kind",
        [
            FaultKind.HUGE,
            FaultKind.GZIP_BOMB,
            FaultKind.REDIRECT,
            FaultKind.CHUNK_ENDLESS,
            FaultKind.DEEP_JSON,
        ],
    )
    def test_a_bomb_takes_little_memory(
        self, gateway: Gateway, live: LiveSandbox, platform: Platform, kind: FaultKind
    ) -> None:
        live.fault(kind)
        gateway.fetch(platform.order("TAX.PAY"))  # The sandbox has made its bomb by now.

        tracemalloc.start()
        gateway.fetch(platform.order("TAX.PAY"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert peak < 20_000_000

    def test_a_busy_department_says_when_to_come_back(
        self, gateway: Gateway, live: LiveSandbox, platform: Platform
    ) -> None:
        live.fault("http-503", seconds=7)

        assert gateway.fetch(platform.order("TAX.PAY")).retry_after == 7

    @pytest.mark.promise("R7")
    def test_one_bad_department_does_not_hold_up_another(
        self, gateway: Gateway, live: LiveSandbox, platform: Platform
    ) -> None:
        live.fault("body-drip", department="TAX", seconds=0.05)
        slow = [
            threading.Thread(target=gateway.fetch, args=(platform.order("TAX.PAY"),))
            for _ in range(8)
        ]
        for thread in slow:
            thread.start()

        fetched, seconds = timed(gateway, platform, "SAMR.REG")

        alive = [thread.is_alive() for thread in slow]
        for thread in slow:
            thread.join()
        assert fetched.problem is None
        assert all(alive)
        assert seconds < DEADLINE

    def test_nobody_listening_is_refused(self, live: LiveSandbox, platform: Platform) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        with a_gateway(live, platform, gateway_url=f"http://127.0.0.1:{port}") as gateway:
            fetched = gateway.fetch(platform.order())

        assert (fetched.problem, fetched.retryable, fetched.answer) == ("REFUSED", True, None)

    @pytest.mark.promise("R7")
    def test_a_connection_nobody_takes_up_ends_in_time(
        self, live: LiveSandbox, platform: Platform
    ) -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as deaf,
            a_gateway(
                live, platform, gateway_url=f"http://127.0.0.1:{deaf.getsockname()[1]}"
            ) as gateway,
        ):
            fetched, seconds = timed(gateway, platform, "TAX.PAY")

        assert fetched.problem == "TIMEOUT"
        assert seconds < DEADLINE + 5 * MARGIN


class TestPins:
    def test_without_pins_nothing_is_believed(
        self, live: LiveSandbox, platform: Platform, tmp_path: Path
    ) -> None:
        with a_gateway(live, platform, gateway_keys_file=tmp_path / "none") as gateway:
            fetched = gateway.fetch(platform.order())

        assert (fetched.problem, fetched.retryable, fetched.answer) == ("NO_KEYS", True, None)

    @pytest.mark.parametrize(
        ("member", "days", "problem"),
        [
            ("ydt_revoked", -1, "WRONG_KEY"),
            ("ydt_to", -1, "WRONG_KEY"),
            ("ydt_from", 1, "WRONG_KEY"),
            ("ydt_to", 1, None),
            ("ydt_from", -1, None),
        ],
    )
    @pytest.mark.promise("T22")
    def test_a_key_signs_within_its_time_only(
        self,
        live: LiveSandbox,
        platform: Platform,
        tmp_path: Path,
        member: str,
        days: int,
        problem: str | None,
    ) -> None:
        pins = json.loads(pins_path(live.home).read_text())
        for key in pins["keys"]:
            key[member] = (wall() + timedelta(days=days)).isoformat()
        changed = tmp_path / "pins.json"
        changed.write_text(json.dumps(pins))

        with a_gateway(live, platform, gateway_keys_file=changed) as gateway:
            assert gateway.fetch(platform.order()).problem == problem

    def test_changed_pins_count_at_once(
        self, live: LiveSandbox, platform: Platform, tmp_path: Path
    ) -> None:
        changing = tmp_path / "pins.json"
        changing.write_bytes(pins_path(live.home).read_bytes())
        with a_gateway(live, platform, gateway_keys_file=changing) as gateway:
            assert gateway.fetch(platform.order()).problem is None
            stranger = public_of(generate("Ed25519", ydt_owner="TAX"))
            changing.write_text(json.dumps({"keys": [stranger]}))
            assert gateway.fetch(platform.order()).problem == "WRONG_KEY"


class TestLookUp:
    def ask(self, gateway: Gateway, uscc: str = FIRM) -> RegistryQuestion:
        return RegistryQuestion(uuid7(), uuid7(), uscc)

    def test_the_registry_knows_the_firm(self, gateway: Gateway, live: LiveSandbox) -> None:
        record = gateway.look_up(self.ask(gateway))

        assert record.known
        assert record.name == "济南鑫源达机电有限公司"
        assert (record.status, record.district, record.rep_name) == ("1", "370112", "王建国")
        assert record.as_of is not None
        assert record.as_of < business_date(wall())
        assert (len(record.sha256), record.serial[:8]) == (43, "SAMR.REG")
        assert "rep_age" not in live.log()[0].fields

    def test_an_unknown_code_is_no_record(self, gateway: Gateway) -> None:
        record = gateway.look_up(self.ask(gateway, "91370100MA31U2DL70"))

        assert (record.known, record.name, len(record.sha256)) == (False, "", 43)

    @pytest.mark.parametrize(
        "kind", ["http-500", "slow", "bad-signature", "wrong-enterprise", "stale", "unavailable"]
    )
    def test_any_doubt_is_no_usable_answer(
        self, gateway: Gateway, live: LiveSandbox, kind: str
    ) -> None:
        live.fault(kind, seconds=1)

        with pytest.raises(RegistryUnavailableError):
            gateway.look_up(self.ask(gateway))

"""Asking departments over real sockets: good answers, and everything that is not one."""

import json
import socket
import threading
import tracemalloc
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from consent.events import sha256_b64u
from tests.departments.gateways import DEADLINE, Platform, a_gateway
from tests.sandboxes import LiveSandbox
from yidaitong.departments import forms
from yidaitong.departments.answers import Outcome
from yidaitong.departments.definitions import AnswerForm
from yidaitong.departments.gateway import Gateway
from yidaitong.departments.wire import ANSWER_TYP, Fetched
from yidaitong.kernel.clock import monotonic, wall
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.keys import KeySet
from yidaitong.sandbox.faults import FaultKind
from yidaitong.sandbox.keys import pins_path

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
SLOW_OR_RAW = {
    *(FaultKind.SILENCE, FaultKind.SLOW, FaultKind.HEADER_DRIP, FaultKind.BODY_DRIP),
    *(FaultKind.RESET, FaultKind.CUT, FaultKind.CHUNK_LIE, FaultKind.CHUNK_ENDLESS),
}
# Slow on purpose: the gap of a drip, or the wait beyond the deadline.
SECONDS = {FaultKind.SLOW: 1.5, FaultKind.HTTP_503: 7, FaultKind.HTTP_429: 7}


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

    def test_an_answer_that_can_be_narrowed_comes_whole(
        self, gateway: Gateway, live: LiveSandbox, platform: Platform
    ) -> None:
        order = platform.order("SAMR.REG", fields=("status", "rep_age"))

        fetched = gateway.fetch(order)

        answer = fetched.answer
        assert fetched.problem is None
        assert answer is not None
        assert set(answer.items) == {"status", "rep_age", "rep_id_masked"}
        pins = KeySet.read(pins_path(live.home).read_bytes()).owned_by("SAMR")
        opened = forms.verify(answer.jws, AnswerForm.SD_JWT, pins)
        assert opened.envelope.items == answer.items
        assert opened.given == frozenset({"status", "rep_age"})
        assert opened.envelope.request_sha256 == order.request_sha256
        assert answer.sha256 == sha256_b64u(answer.jws.encode())

    def test_nothing_on_record_is_a_dated_and_signed_answer(
        self, gateway: Gateway, platform: Platform
    ) -> None:
        answer = gateway.fetch(platform.order("COURT.DIS", fields=("dishonest",))).answer

        assert answer is not None
        assert answer.outcome is Outcome.NO_RECORD
        assert answer.as_of is not None
        assert answer.jws != ""

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

    @pytest.mark.parametrize(("seconds", "alarms"), [(-10, 1), (0, 0)])
    def test_a_clock_that_differs_raises_an_alarm(
        self,
        gateway: Gateway,
        live: LiveSandbox,
        platform: Platform,
        seconds: int,
        alarms: int,
    ) -> None:
        live.turn_clock(lambda: wall() + timedelta(seconds=seconds))
        with capture_logs() as logs:
            fetched = gateway.fetch(platform.order("TAX.PAY"))
        live.turn_clock(wall)

        assert fetched.problem is None
        assert [one["event"] for one in logs] == ["department.clock"] * alarms


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

    @pytest.mark.promise("T3")
    @pytest.mark.parametrize("kind", [one for one in ZOO if one not in SLOW_OR_RAW])
    def test_so_does_one_that_could_be_narrowed(
        self, gateway: Gateway, live: LiveSandbox, platform: Platform, kind: FaultKind
    ) -> None:
        live.fault(kind)
        fields = ("uscc", "rep_age")

        # The machine may be busy: what is too slow by itself is so each time.
        tries = (gateway.fetch(platform.order("SAMR.REG", fields=fields)) for _ in range(3))
        fetched = next((one for one in tries if one.problem != "TIMEOUT"), None)

        assert fetched is not None
        # The first field of the registry is the credit code: a wrong one is another firm's.
        wanted = "WRONG_SUBJECT" if kind is FaultKind.BAD_SCHEMA else ZOO[kind][0]
        assert fetched.problem == wanted
        assert fetched.answer is None or fetched.answer.items == {}

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

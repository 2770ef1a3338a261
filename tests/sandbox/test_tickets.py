"""Pull tickets as departments check them: PROMISES, one pull."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.departments.gateways import Platform, question
from tests.sandbox.requesting import forged, send
from tests.sandboxes import LiveSandbox, at, sandbox_at
from yidaitong.departments.wire import Order, make_order
from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto import jws


class TestTickets:
    def refused(
        self, live: LiveSandbox, order: Order, path: str = "/tax/resources/PAY"
    ) -> tuple[int, str]:
        reply = send(live, order, path)
        code = reply.json()["code"]
        (entry,) = live.log()[-1:]
        assert (entry.refused, entry.outcome, entry.ticket) == (code, None, order.ticket)
        return reply.status_code, code

    def test_a_good_ticket_gets_one_answer(self, live: LiveSandbox, platform: Platform) -> None:
        order = platform.order("TAX.PAY")

        assert send(live, order).status_code == 200
        assert self.refused(live, order) == (403, "TICKET_USED")

    def test_a_request_without_one_gets_none(self, live: LiveSandbox, platform: Platform) -> None:
        order = replace(platform.order("TAX.PAY"), ticket="")

        assert self.refused(live, order) == (403, "TICKET_MISSING")

    @pytest.mark.promise("T11")
    def test_a_strangers_ticket_is_refused(
        self, live: LiveSandbox, platform: Platform, tmp_path: Path
    ) -> None:
        stranger = Platform(tmp_path)

        assert self.refused(live, stranger.order("TAX.PAY")) == (403, "TICKET_SIGNATURE")

    @pytest.mark.promise("T23")
    def test_another_type_of_our_signed_texts_is_no_ticket(
        self, live: LiveSandbox, platform: Platform
    ) -> None:
        order = platform.order("TAX.PAY")
        other = jws.sign(platform.key, "ydt-receipt+jws", b"{}")

        assert self.refused(live, replace(order, ticket=other)) == (403, "TICKET_SIGNATURE")

    @pytest.mark.promise("T11")
    @pytest.mark.parametrize("position", [5, -5])
    def test_an_altered_ticket_is_refused(
        self, live: LiveSandbox, platform: Platform, position: int
    ) -> None:
        order = platform.order("TAX.PAY")
        sign = "A" if order.ticket[position] != "A" else "B"
        at_place = position % len(order.ticket)
        altered = order.ticket[:at_place] + sign + order.ticket[at_place + 1 :]

        assert self.refused(live, replace(order, ticket=altered))[1] == "TICKET_SIGNATURE"

    def test_a_late_ticket_is_refused_to_the_millisecond(
        self, live: LiveSandbox, platform: Platform
    ) -> None:
        ends = datetime(2026, 11, 25, 4, 0, 0, tzinfo=UTC)
        in_time = make_order(question("TAX.PAY"), ends, platform.sign)
        late = make_order(question("TAX.PAY"), ends, platform.sign)

        live.turn_clock(at(ends - timedelta(milliseconds=1)))
        assert send(live, in_time).status_code == 200
        live.turn_clock(at(ends))
        assert self.refused(live, late) == (403, "TICKET_LATE")

    def test_a_ticket_for_all_time_is_refused(self, live: LiveSandbox, platform: Platform) -> None:
        order = make_order(question("TAX.PAY"), wall() + timedelta(hours=1), platform.sign)

        assert self.refused(live, order) == (403, "TICKET_LATE")

    def test_a_ticket_is_for_its_resource(self, live: LiveSandbox, platform: Platform) -> None:
        order = platform.order("TAX.PAY")

        assert self.refused(live, order, "/tax/resources/FILE") == (403, "TICKET_RESOURCE")
        assert self.refused(live, order, "/samr/resources/REG") == (403, "TICKET_RESOURCE")

    def test_and_for_its_request(self, live: LiveSandbox, platform: Platform) -> None:
        other = platform.order("TAX.PAY")
        order = replace(platform.order("TAX.PAY"), body=other.body)

        assert self.refused(live, order) == (403, "TICKET_REQUEST")

    @pytest.mark.parametrize(
        ("members", "code"),
        [
            ({"resources": ["TAX.PAY", "TAX.FILE"]}, "TICKET_RESOURCE"),
            ({"department": "SAMR"}, "TICKET_RESOURCE"),
            ({"not_after": "soon"}, "TICKET_FORM"),
            ({"v": "ydt-ticket/2"}, "TICKET_FORM"),
            ({"more": 1}, "TICKET_FORM"),
        ],
    )
    def test_odd_members_are_refused(
        self, live: LiveSandbox, platform: Platform, members: dict[str, Any], code: str
    ) -> None:
        order = forged(platform.order("TAX.PAY"), platform, **members)

        assert self.refused(live, order) == (403, code)

    def test_another_key_of_the_platform_signs_no_ticket(self, tmp_path: Path) -> None:
        other = Platform(tmp_path, use="packet")
        with sandbox_at(tmp_path) as live:
            assert self.refused(live, other.order("TAX.PAY")) == (403, "TICKET_SIGNATURE")

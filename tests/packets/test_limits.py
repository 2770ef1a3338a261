"""Each limit a consent sets, broken once: calls, mode, fields, filter, range, life, fetching."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from consent import service
from consent.artefact import ConsentArtefact, DataFilter, DataLife
from consent.errors import InvalidScopeError
from consent.lifecycle import ConsentState
from tests.packets.builders import Story, a_story
from tests.pulls.builders import EIGHT, ONE, a_case, lines_of
from tests.pulls.steps import a_pull, claimed
from yidaitong.authorizations.desk import desk_of
from yidaitong.departments.wire import Order
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import DataGoneError, InvalidRequestError
from yidaitong.kernel.strictjson import parse_object
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.models import Packet
from yidaitong.packets.retention import erase_due
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.models import PullSlot
from yidaitong.pulls.slots import Slots, _Taken
from yidaitong.pulls.windows import Window
from yidaitong.runtime import Runtime

AT = datetime(2026, 3, 2, tzinfo=UTC)
MONTH = timedelta(days=31)


def asked(uow: UnitOfWork, resource: str) -> tuple[ConsentArtefact, Order]:
    """What one department is sent, and under which artefact."""
    case = a_case(uow, EIGHT)
    pull = a_pull(uow, case)
    line = next(one for one in lines_of(uow, pull.id) if one.resource == resource)
    live = service.lock_chain(desk_of(uow), case.chain_id)
    return service.artefact_of(desk_of(uow), live.row), claimed(uow, line.id)


class TestCalls:
    @pytest.mark.parametrize(("before", "free"), [(0, 1), (1, 1), (2, None)])
    def test_calls_in_all_end_before_the_windows_do(self, before: int, free: int | None) -> None:
        taken: dict[str, list[_Taken]] = defaultdict(list)
        taken["TAX.PAY"] = [
            _Taken("TAX.PAY", AT - n * MONTH, 1, None) for n in range(1, before + 1)
        ]
        monthly: Any = SimpleNamespace(frequency=SimpleNamespace(unit="MONTH", n=1), total_quota=2)
        live: Any = None
        slots = Slots(live=live, artefact=monthly, window=Window(AT, AT + MONTH), taken=taken)

        assert slots.free("TAX.PAY") == free
        assert slots.used_up("TAX.PAY") is (free is None)


class TestSlots:
    def test_each_call_takes_the_next_one_of_its_window(self, uow: UnitOfWork) -> None:
        case = a_case(uow, ONE)
        for key in ("first", "second"):
            authorise(uow.acting(case.banker), case.order(key))

        taken = uow.acting(SYSTEM).session.scalars(
            select(PullSlot.ordinal).order_by(PullSlot.ordinal)
        )

        assert list(taken) == [1, 2]

    def test_the_primary_key_is_the_last_word(self, uow: UnitOfWork) -> None:
        case = a_case(uow, ONE)
        authorise(uow.acting(case.banker), case.order())
        uow.acting(SYSTEM)

        again = text("INSERT INTO pull_slot SELECT * FROM pull_slot")
        with pytest.raises(IntegrityError), uow.session.begin_nested():
            uow.session.execute(again)


class TestFields:
    def test_a_department_is_asked_for_the_consented_fields_alone(self, uow: UnitOfWork) -> None:
        artefact, order = asked(uow, "TAX.RATE")
        dataset = next(one for one in artefact.datasets if one.resource == "TAX.RATE")

        assert order.fields == dataset.fields
        assert parse_object(order.body, max_bytes=10_000)["fields"] == list(dataset.fields)


class TestFilter:
    def test_the_consents_filter_goes_to_its_own_department(
        self, uow: UnitOfWork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = service.artefact_of
        rules = (
            DataFilter(resource="TAX.RATE", field="year", op="ne", value="2020"),
            DataFilter(resource="SAMR.REG", field="status", op="eq", value="1"),
        )
        monkeypatch.setattr(
            "yidaitong.pulls.dispatching.service.artefact_of",
            lambda desk, chain: replace(real(desk, chain), data_filter=rules),
        )

        _, order = asked(uow, "TAX.RATE")

        sent = order.body.decode()
        assert "2020" in sent
        assert '"eq"' not in sent


class TestRange:
    def test_no_day_outside_is_asked_for(self, uow: UnitOfWork) -> None:
        case = a_case(uow)
        live = service.lock_chain(desk_of(uow), case.chain_id)
        ranged = next(
            one for one in service.artefact_of(desk_of(uow), live.row).datasets if one.range
        )
        assert ranged.range is not None
        before = (datetime.fromisoformat(ranged.range.from_on) - timedelta(days=1)).date()

        with pytest.raises(InvalidRequestError):
            authorise(
                uow.acting(case.banker),
                case.order(resources=(ranged.resource,), from_on=before.isoformat()),
            )

    def test_no_resource_outside_is_asked_for(self, uow: UnitOfWork) -> None:
        case = a_case(uow)

        with pytest.raises(InvalidScopeError):
            authorise(uow.acting(case.banker), case.order(resources=("UTIL.WATER",)))


class TestModeAndLife:
    @pytest.mark.parametrize(
        ("mode", "life", "days"),
        [
            ("STORE", DataLife(unit="DAY", n=90), 90),
            ("COMPUTE", DataLife(unit="DAY", n=90), 90),
            ("VIEW", DataLife(unit="DAY", n=90), 1),
            ("STORE", DataLife(unit="WEEK", n=2), 14),
            ("STORE", DataLife(unit="HOUR", n=48), 2),
            ("STORE", DataLife(unit="YEAR", n=1), 365),
        ],
    )
    def test_a_copy_lives_as_long_as_consented(self, mode: str, life: DataLife, days: int) -> None:
        assert erase_due(AT, mode, life) - AT == timedelta(days=days)


@pytest.fixture
def story(runtime: Runtime) -> Story:
    return a_story(runtime)


def end_while_frozen(story: Story) -> None:
    with story.runtime.transaction(SYSTEM) as uow:
        desk = desk_of(uow, job="test")
        order = service.Order(reason_class="OPERATOR_ORDER", use_frozen=True)
        service.suspend(desk, story.case.chain_id, order)
        service.close(desk, story.case.chain_id, "DECISION")
        live = service.lock_chain(desk, story.case.chain_id)
        assert (live.state, live.row.use_frozen) == (ConsentState.EXPIRED, True)


def late(story: Story, packet_id: UUID) -> None:
    with story.runtime.transaction(SYSTEM) as uow:
        uow.session.execute(
            update(Packet).where(Packet.id == packet_id).values(fetch_before=uow.now)
        )


class TestFetching:
    def test_what_an_order_froze_stays_here_after_the_natural_end_too(self, story: Story) -> None:
        packet_id = story.sealed()
        end_while_frozen(story)

        with pytest.raises(DataGoneError):
            story.fetch(packet_id)

    def test_a_day_after_the_release_it_is_late_whether_or_not_that_was_recorded(
        self, story: Story
    ) -> None:
        packet_id = story.sealed()
        late(story, packet_id)

        with pytest.raises(DataGoneError):
            story.fetch(packet_id)

"""Working time and the promises counted in it."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yidaitong.kernel.actor import Realm
from yidaitong.kernel.clock import SHANGHAI
from yidaitong.lending.clocks import DAY_SECONDS, due_at, stages, working_seconds
from yidaitong.lending.lifecycle import ApplicationEvent, ApplicationState
from yidaitong.lending.models import ApplicationStep
from yidaitong.lending.workdays import is_working_day

FRIDAY = datetime(2018, 6, 15, 16, 30, tzinfo=SHANGHAI)
_E = ApplicationEvent
_S = ApplicationState


def step(event: _E, state: _S, at: datetime) -> ApplicationStep:
    return ApplicationStep(
        application_id=uuid4(),
        enterprise_id=uuid4(),
        bank_id="bank-qilu",
        event=event,
        state=state,
        at=at,
        realm=Realm.BANK,
        person_id=None,
    )


class TestIsWorkingDay:
    def test_the_seed_period_has_32_working_days(self) -> None:
        days = [date(2018, 6, 1) + timedelta(days=n) for n in range(47)]

        assert sum(is_working_day(day) for day in days) == 32

    @pytest.mark.parametrize(
        ("day", "works"),
        [
            (date(2018, 6, 18), False),
            (date(2018, 2, 24), True),
            (date(2026, 10, 10), True),
            (date(2026, 10, 7), False),
            (date(2026, 11, 25), True),
            (date(2026, 11, 28), False),
        ],
    )
    def test_knows_holidays_and_weekend_days_worked(self, day: date, works: bool) -> None:
        assert is_working_day(day) is works


class TestDueAt:
    def test_one_working_day_from_friday_skips_weekend_and_holiday(self) -> None:
        assert due_at(FRIDAY, DAY_SECONDS) == datetime(2018, 6, 19, 16, 30, tzinfo=SHANGHAI)

    @given(
        st.integers(0, 9 * 365 * 24 * 3600),
        st.integers(0, 10 * DAY_SECONDS),
    )
    @settings(max_examples=150, derandomize=True, deadline=None)
    def test_is_the_inverse_of_counting(self, offset: int, seconds: int) -> None:
        begun = datetime(2018, 1, 1, tzinfo=UTC) + timedelta(seconds=offset)

        assert working_seconds(begun, due_at(begun, seconds)) == seconds


class TestStages:
    def test_nothing_runs_before_submission(self) -> None:
        assert stages([step(_E.CREATE, _S.DRAFT, FRIDAY)], FRIDAY) == []

    def test_an_answer_in_time_is_not_late(self) -> None:
        taken = [
            step(_E.SUBMIT, _S.SUBMITTED, FRIDAY),
            step(_E.ACCEPT, _S.ACCEPTED, FRIDAY + timedelta(days=4)),
        ]

        first, second, _third = stages(taken, FRIDAY + timedelta(days=4))

        assert first.ended_at is not None
        assert not first.late
        assert first.elapsed == DAY_SECONDS
        assert second.ended_at is None

    def test_a_second_more_is_late(self) -> None:
        taken = [step(_E.SUBMIT, _S.SUBMITTED, FRIDAY)]

        found = stages(taken, FRIDAY + timedelta(days=4, seconds=1))

        assert found[0].late

    def test_waiting_for_the_enterprise_stops_the_clock(self) -> None:
        monday = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
        taken = [
            step(_E.SUBMIT, _S.SUBMITTED, monday),
            step(_E.ACCEPT, _S.ACCEPTED, monday),
            step(_E.START_REVIEW, _S.IN_REVIEW, monday),
            step(_E.ASK_INFO, _S.NEED_INFO, monday + timedelta(hours=1)),
        ]

        found = stages(taken, monday + timedelta(days=30))[2]

        assert found.paused
        assert found.elapsed == 3600
        assert not found.late

"""Watching the registry through a real socket: a change stops the firm, silence decides nothing."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests

from consent.lifecycle import ConsentState
from tests.authorizations.builders import (
    OFFER,
    a_firm,
    ask,
    sign,
)
from tests.authorizations.people import (
    enterprise_now,
)
from tests.authorizations.test_representation import NEW, chain_of
from tests.enterprises.test_registration import FIRM
from tests.sandboxes import LiveSandbox, live_sandbox
from yidaitong.authorizations.representation import MANDATE_REVIEW
from yidaitong.enterprises import watching
from yidaitong.enterprises.models import Enterprise
from yidaitong.jobs import tasks
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.runtime import Runtime
from yidaitong.sandbox.faults import FaultKind


@pytest.fixture
def departments(runtime: Runtime) -> Iterator[LiveSandbox]:
    runtime.settings = replace(runtime.settings, call_deadline_seconds=5.0)
    with live_sandbox(runtime) as live:
        yield live


class TestWatch:
    def test_a_change_in_the_registry_stops_the_firm_through_a_real_socket(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        with runtime.transaction(SYSTEM) as uow:
            firm = a_firm(uow)
            asked = ask(uow, firm, replace(OFFER, items=frozenset({"reg.status"})))
            chain_id = sign(uow, firm, asked.request_id, asked.digest).chain_id
            enterprise = uow.acting(SYSTEM).session.get_one(Enterprise, firm.enterprise_id)
            enterprise.name, enterprise.rep_name = "济南鑫源达机电有限公司", "王建国"
        tasks.watch_registry(runtime)
        with runtime.transaction(SYSTEM) as uow:
            assert chain_of(uow, chain_id).state is ConsentState.ACTIVE
            enterprise_now(uow, firm).watched_at = None

        changed = requests.put(
            f"{departments.url}/_firms/{FIRM}", json={"rep_name": NEW}, timeout=5
        )
        tasks.watch_registry(runtime)

        assert changed.status_code == 200
        with runtime.transaction(SYSTEM) as uow:
            assert chain_of(uow, chain_id).suspended_reason == MANDATE_REVIEW
            assert enterprise_now(uow, firm).rep_name == NEW

    def test_each_is_asked_about_once_a_period(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        with runtime.transaction(SYSTEM) as uow:
            a_firm(uow)

        tasks.watch_registry(runtime)
        tasks.watch_registry(runtime)

        assert len(departments.log("SAMR.REG")) == 1

    def test_a_silent_registry_decides_nothing(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        with runtime.transaction(SYSTEM) as uow:
            firm = a_firm(uow)
            uow.acting(SYSTEM)
        departments.fault(FaultKind.HTTP_500.value)

        tasks.watch_registry(runtime)

        with runtime.transaction(SYSTEM) as uow:
            assert enterprise_now(uow, firm).rep_person_id is not None

    @pytest.mark.parametrize(
        "body", [[], {"rep": "x"}, {"rep_name": ""}, {"rep_name": 1}, {"status": "22"}]
    )
    def test_the_sandbox_refuses_other_changes(
        self, departments: LiveSandbox, body: object
    ) -> None:
        answer = requests.put(f"{departments.url}/_firms/{FIRM}", json=body, timeout=5)

        assert answer.status_code == 400

    def test_a_firm_is_asked_about_by_its_code_alone(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)

        (question,) = watching.due(uow.acting(SYSTEM), 10)

        assert (question.enterprise_id, question.uscc) == (firm.enterprise_id, FIRM)

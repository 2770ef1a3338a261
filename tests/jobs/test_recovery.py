"""An operator's two ways out of a refusal, each audited."""

import pytest
from sqlalchemy import select

from consent.ledger.export import export
from yidaitong.audit.models import AuditEvent
from yidaitong.jobs import ledger, recovery
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import wall
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.runtime import Runtime


def noted(runtime: Runtime) -> list[str]:
    with runtime.transaction(SYSTEM) as uow:
        actions = select(AuditEvent.action).where(AuditEvent.action.startswith("ledger."))
        return list(uow.session.scalars(actions))


class TestAdoptHead:
    def test_a_lost_head_is_adopted_for_a_reason_that_is_kept(self, runtime: Runtime) -> None:
        ledger.step(runtime)
        runtime.settings.ledger_head_file.unlink()

        with pytest.raises(InvalidRequestError):
            recovery.adopt_head(runtime, "the disk of 张三 broke")
        assert not runtime.settings.ledger_head_file.exists()
        done = recovery.adopt_head(runtime, "INC-2026-114")

        assert done.size == 1
        assert noted(runtime) == ["ledger.adopt_head"]
        assert not ledger.step(runtime)


class TestRecover:
    def test_files_of_the_same_head_change_nothing(
        self, runtime: Runtime, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = tmp_path_factory.mktemp("log")
        ledger.step(runtime)
        export(runtime.ledger_engine, folder, now=wall())

        done = recovery.recover(runtime, folder)

        assert (done.size, done.taken, done.orphans) == (1, 0, ())
        assert noted(runtime) == ["ledger.recover"]

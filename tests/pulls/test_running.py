"""One pull from C1 to its end, against live departments."""

from tests.pulls.builders import (
    EIGHT,
    RESOURCES_OF_EIGHT,
    a_committed_case,
    a_pull,
    promises,
    pull_now,
)
from tests.sandboxes import live_sandbox
from yidaitong.jobs.tasks import run_pull
from yidaitong.kernel.actor import SYSTEM
from yidaitong.pulls import queries
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.runtime import Runtime


class TestRunPull:
    def test_eight_departments_answer_and_the_pull_is_sealed(self, runtime: Runtime) -> None:
        case = a_committed_case(runtime, EIGHT)
        pull = a_pull(runtime, case)

        with live_sandbox(runtime) as departments:
            pause = run_pull(runtime, pull_id=str(pull.id))

            assert pause is None
            assert len(departments.log()) == len(RESOURCES_OF_EIGHT)
        with runtime.transaction(SYSTEM) as uow:
            assert pull_now(uow, pull.id).state is PullState.SEALED
            results = queries.results(uow, pull.id)
            assert [result.resource for result in results] == list(RESOURCES_OF_EIGHT)
            assert {result.status for result in results} <= {
                LineStatus.DELIVERED,
                LineStatus.NO_DATA,
            }
            assert all(result.answer_jws for result in results)
            assert promises(uow, "packets.release") == 1

"""The worker: one function for RQ, long-lived processes, a heartbeat for each job."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from consent.errors import ConsentError
from yidaitong.jobs import outbox, registry, tasks
from yidaitong.jobs.outbox import Claim
from yidaitong.kernel.errors import DomainError
from yidaitong.kernel.settings import load_settings
from yidaitong.runtime import Runtime

_log = structlog.get_logger(__name__)
_HEARTBEAT_SHARE = 3  # Three beats fit one lease.
# A process that lives for ever keeps what libraries leak.
MAX_JOBS = 10_000


class _Process:
    """The runtime of this worker process, made at first use."""

    runtime: Runtime | None = None


def use_runtime(runtime: Runtime | None) -> None:
    """Give this process its runtime (tests and the worker's start)."""
    _Process.runtime = runtime


def _runtime() -> Runtime:
    if _Process.runtime is None:
        _Process.runtime = Runtime(load_settings(), pool_size=12)
    return _Process.runtime


def perform(job_id: str) -> None:
    """The only function the queue calls. Safe to ring twice: the lease decides."""
    perform_with(_runtime(), UUID(job_id))


def perform_with(runtime: Runtime, job_id: UUID) -> bool:
    """Claim and run one promised job; True when this call ran it."""
    held = outbox.claim(runtime, job_id)
    if held is None:
        return False
    try:
        with _heartbeat(runtime, held):
            pause = registry.run(runtime, held.name, held.args)
    except Exception as error:  # noqa: BLE001 - the worker's edge: every failure moves the row
        _log.warning("job.failed", job=held.name, id=str(job_id), error=_reason(error))
        outbox.failed(runtime, held, _reason(error), final=not _passing(error))
    else:
        if pause is None:
            outbox.done(runtime, held)
        else:
            outbox.again(runtime, held, pause)
    return True


def _passing(error: Exception) -> bool:
    """Whether it may go well later with nothing changed but time."""
    return isinstance(error, DomainError | ConsentError) and error.retryable


def _reason(error: Exception) -> str:
    # Codes and class names only: messages of libraries may quote data.
    if isinstance(error, DomainError | ConsentError):
        return f"{error.code}: {error}"[:500]
    return type(error).__name__


@contextmanager
def _heartbeat(runtime: Runtime, held: Claim) -> Iterator[None]:
    stop = threading.Event()
    pause = runtime.settings.lease_seconds / _HEARTBEAT_SHARE

    def beat() -> None:
        while not stop.wait(pause):
            try:
                if not outbox.beat(runtime, held):
                    return
            except Exception as error:  # noqa: BLE001 - a missed beat is not the job's failure
                _log.warning("job.beat_missed", job=held.name, error=type(error).__name__)

    thread = threading.Thread(target=beat, name=f"beat-{held.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def work(runtime: Runtime, *, burst: bool = False) -> None:
    """Serve both queues until told to stop (SIGTERM finishes the current job first).

    Ends by itself after many jobs: whoever keeps the pool starts a fresh process.
    """
    use_runtime(runtime)
    tasks.load()
    worker = SimpleWorker(
        # Pulls first: nothing waits for them longer than for one other job.
        [_queue(runtime, "pulls.run"), _queue(runtime, "any")],
        connection=runtime.worker_redis,
        serializer=JSONSerializer,
        worker_ttl=25,
        maintenance_interval=5,
        job_monitoring_interval=2,
        log_job_description=False,
    )
    worker.work(burst=burst, logging_level="WARNING", max_jobs=MAX_JOBS)


def _queue(runtime: Runtime, job: str) -> Queue:
    """The queue as a worker listens to it: it waits, where the web must be quick."""
    name = runtime.queue_of(job).name
    return Queue(name, connection=runtime.worker_redis, serializer=JSONSerializer)

"""One process's resources: settings, engines, keys, gateway, queue; and its transactions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from secrets import token_hex
from uuid import UUID

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from consent.errors import ConsentError
from yidaitong.departments.budgets import RetryBudget
from yidaitong.departments.gateway import Gateway
from yidaitong.departments.wire import TICKET_TYP
from yidaitong.kernel.actor import SYSTEM, Actor
from yidaitong.kernel.crypto.box import CryptoBox, KeyUse
from yidaitong.kernel.crypto.keks.loading import provider_of
from yidaitong.kernel.db.engine import bind_actor, make_engine, make_session_factory
from yidaitong.kernel.errors import DomainError
from yidaitong.kernel.settings import Settings
from yidaitong.kernel.uow import Promise, Refusal, UnitOfWork
from yidaitong.notices import promising
from yidaitong.notices.delivering import PostOffice

_log = structlog.get_logger(__name__)

PERFORM = "yidaitong.jobs.worker.perform"
PULLS_QUEUE = "pulls"
DEFAULT_QUEUE = "default"
# Jobs that wait for the outside: the courier finds them itself, no worker is rung for them.
COURIER_JOBS = frozenset({promising.SEND})
JOB_TIMEOUT_SECONDS = 120


@dataclass
class Runtime:
    """Made once per process by ``wsgi.py``, the worker or the CLI."""

    settings: Settings
    pool_size: int = 5
    crypto: CryptoBox = field(init=False)

    def __post_init__(self) -> None:
        self.crypto = CryptoBox(provider_of(self.settings), self.settings.suites)

    @cached_property
    def engine(self) -> Engine:
        """Engine of the application's role."""
        return make_engine(self.settings.database_url, pool_size=self.pool_size)

    @cached_property
    def ledger_engine(self) -> Engine:
        """Engine of the sequencer's and publisher's role."""
        return make_engine(self.settings.ledger_database_url, pool_size=2)

    def check_keys(self) -> None:
        """Make sure that we hold the right key-encryption keys; a database may be away.

        Raises:
            KekUnavailableError: a version is missing, or is another key.
        """
        try:
            with self.transaction(SYSTEM) as uow:
                self.crypto.keyring.check(uow.session)
        except SQLAlchemyError as error:
            _log.warning("keys.not_checked", reason=type(error).__name__)

    @cached_property
    def sessions(self) -> sessionmaker[Session]:
        """Factory of application sessions."""
        return make_session_factory(self.engine)

    @cached_property
    def redis(self) -> "Redis":
        """Client that fails fast: the web must stay quick when the queue is away."""
        return Redis.from_url(
            self.settings.redis_url,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=1.0,
            socket_connect_timeout=1.0,
        )

    @cached_property
    def gateway(self) -> Gateway:
        """The only way to departments."""
        return Gateway(self.settings, self._sign_ticket)

    @cached_property
    def retries(self) -> RetryBudget:
        """How often this process may ask departments again."""
        return RetryBudget()

    @cached_property
    def post_office(self) -> PostOffice:
        """The only way of notices to their receivers."""
        return PostOffice(self.settings)

    def _sign_ticket(self, payload: bytes) -> str:
        """Sign the ticket of a registry look-up, in a short transaction of its own."""
        with self.transaction(SYSTEM) as uow:
            return uow.crypto.sign(uow.session, KeyUse.TICKET, TICKET_TYP, payload)

    @cached_property
    def worker_redis(self) -> "Redis":
        """Client of a worker: it waits, so it takes the library's own patience."""
        return Redis.from_url(self.settings.redis_url)

    def queue_of(self, job: str) -> Queue:
        """The queue that rings for ``job``; pulls have their own, so that they wait for none."""
        name = PULLS_QUEUE if job.startswith("pulls.") else DEFAULT_QUEUE
        return Queue(name, connection=self.redis, serializer=JSONSerializer)

    @contextmanager
    def transaction(self, actor: Actor) -> Iterator[UnitOfWork]:
        """A unit of work: commits on exit, rolls back on any exception, then hints its jobs."""
        with self.sessions() as session:
            bind_actor(session, actor)
            uow = UnitOfWork(
                session=session,
                actor=actor,
                settings=self.settings,
                crypto=self.crypto,
                tell=promising.hear,
            )
            try:
                yield uow
                session.commit()
            except BaseException as error:
                session.rollback()
                if isinstance(error, DomainError | ConsentError) and uow.refusals:
                    self._keep_refusal(actor, uow.refusals, error)
                raise
        self.hint(uow.promised)

    def _keep_refusal(self, actor: Actor, acts: Sequence[Refusal], refused: Exception) -> None:
        try:
            with self.transaction(actor) as uow:
                for act in acts:
                    act(uow, refused)
        except (DomainError, ConsentError, SQLAlchemyError) as error:
            # The caller is refused either way, and the audit trail says so.
            _log.warning("refusal.not_kept", reason=type(error).__name__)

    def hint(self, promised: Sequence[Promise]) -> None:
        """Ring the doorbell; a lost ring is repeated by the sweep."""
        due = [one for one in promised if one.due and one.name not in COURIER_JOBS]
        if not due:
            return
        try:
            with self.redis.pipeline(transaction=False) as pipe:
                for promise in due:
                    self.queue_of(promise.name).enqueue_call(
                        PERFORM,
                        args=(str(promise.id),),
                        # Ours, so that whoever looks at the queue sees for which job it rings.
                        job_id=f"{promise.id}_{token_hex(4)}",
                        timeout=JOB_TIMEOUT_SECONDS,
                        result_ttl=0,
                        failure_ttl=3600,
                        pipeline=pipe,
                    )
                pipe.execute()
        except RedisError as error:
            _log.warning("doorbell.silent", reason=type(error).__name__, jobs=len(due))

    def unheard(self) -> set[UUID]:
        """Jobs whose ring still waits for a worker; none where the queue cannot be asked."""
        names = (PULLS_QUEUE, DEFAULT_QUEUE)
        queues = [Queue(name, connection=self.redis, serializer=JSONSerializer) for name in names]
        try:
            rings = [ring for queue in queues for ring in queue.get_job_ids()]
        except RedisError as error:
            _log.warning("doorbell.silent", reason=type(error).__name__)
            return set()
        return {UUID(ring.split("_")[0]) for ring in rings}

    def close(self) -> None:
        """Give back connections."""
        for name in ("engine", "ledger_engine"):
            engine = self.__dict__.get(name)
            if engine is not None:
                engine.dispose()
        for name in ("gateway", "post_office"):
            way_out = self.__dict__.get(name)
            if way_out is not None:
                way_out.close()

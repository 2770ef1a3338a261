"""Asking a department: one question, one ticket, one deadline, and an answer checked or refused."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import structlog

from yidaitong.departments.addresses import Resolver
from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.forms import MEDIA
from yidaitong.departments.pins import NoPinsError, Pins
from yidaitong.departments.registry import RESOURCES
from yidaitong.departments.transport import Egress, EgressError, Reply
from yidaitong.departments.verifying import AnswerRefusedError, check, refused
from yidaitong.departments.wire import (
    MAX_ANSWER_BYTES,
    TICKET_HEADER,
    Fetched,
    Order,
    Question,
    make_order,
)
from yidaitong.enterprises.errors import RegistryUnavailableError
from yidaitong.enterprises.registry import RegistryQuestion, RegistryRecord
from yidaitong.kernel.clock import monotonic, wall
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.settings import Settings

_log = structlog.get_logger(__name__)

REGISTRY: Final = "SAMR.REG"
REGISTRATION: Final = "REGISTRATION"  # Purpose of a look-up before anybody can consent.
REGISTRY_FIELDS: Final = (
    "uscc",
    "name",
    "status",
    "industry",
    "address",
    "district",
    "rep_name",
    "size",
)
_MAX_WAIT: Final = 3600
_RETRY_AFTER: Final = re.compile(r"[0-9]{1,6}", re.ASCII)
_OK: Final = 200
_CLOCK_ALARM: Final = timedelta(seconds=1)
# The same question may get an answer later; every other status is a "no".
_LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_NOW: Final = frozenset({Outcome.UNAVAILABLE, Outcome.RATE_LIMITED})
_LATER_PROBLEMS: Final = frozenset({"TIMEOUT", "REFUSED", "BROKEN"})


class Gateway:
    """The way to all departments; one per process, safe to share between threads.

    ``sign_ticket`` signs the ticket of a registry look-up. Pulls bring their own, signed where
    their consent was checked.
    """

    def __init__(self, settings: Settings, sign_ticket: Callable[[bytes], str]) -> None:
        self._settings = settings
        self._sign = sign_ticket
        self._pins = Pins(settings.gateway_keys_file)
        self._egress = Egress(
            hosts=frozenset({str(urlsplit(settings.gateway_url).hostname)}),
            resolver=Resolver(allow_private=settings.allow_private_addresses),
            max_bytes=MAX_ANSWER_BYTES,
            ca_file=settings.gateway_ca_file,
        )

    def fetch(self, order: Order) -> Fetched:
        """Send one order and judge what comes back; holds the thread for the deadline at most.

        Call it with no transaction open. It raises nothing: a problem is a code in the result.
        """
        started = wall()
        body = b""
        try:
            reply = self._ask(order)
            body = reply.body
            keys = self._pins.keys_of(order.department, wall())
            answer = check(order, body, keys, wall())
        except _StatusError as error:
            return _nothing(
                started,
                error.problem,
                retryable=error.retryable,
                retry_after=error.retry_after,
            )
        except EgressError as error:
            return _nothing(started, error.problem, retryable=error.problem in _LATER_PROBLEMS)
        except NoPinsError as error:
            _log.error("gateway.no_pins", reason=str(error))
            return _nothing(started, "NO_KEYS", retryable=True)
        except AnswerRefusedError as error:
            _log.warning("answer.refused", line=str(order.line_id), problem=error.problem)
            return _result(started, refused(body, error), error.problem)
        _watch_clock(order, answer, started)
        return _result(started, answer, None, retryable=answer.outcome in _NOT_NOW)

    def look_up(self, question: RegistryQuestion) -> RegistryRecord:
        """Ask the business registry for one credit code; call it with no transaction open.

        Raises:
            RegistryUnavailableError: it gave no usable answer.
        """
        asked = Question(
            pull_id=question.request_id,
            line_id=uuid7(),
            attempt=1,
            resource=REGISTRY,
            uscc=question.uscc,
            name="",
            fields=REGISTRY_FIELDS,
            consent_digest="",
            purpose=REGISTRATION,
        )
        ends = wall() + timedelta(seconds=self._settings.call_deadline_seconds)
        fetched = self.fetch(make_order(asked, ends, self._sign))
        answer = fetched.answer
        if answer is None or fetched.problem is not None:
            raise RegistryUnavailableError(f"{question.request_id}: {fetched.problem}")
        return _record(question, answer)

    def close(self) -> None:
        """Close all connections."""
        self._egress.close()

    def _ask(self, order: Order) -> Reply:
        # Counted from C2: after a long pause in between, the question is not sent at all.
        left = self._settings.call_deadline_seconds - (monotonic() - order.made)
        department = order.department
        code = order.resource.partition(".")[2]
        url = f"{self._settings.gateway_url}/{department.lower()}/resources/{code}"
        media = MEDIA[RESOURCES[order.resource].answer_form]
        headers = {
            "Content-Type": "application/json",
            "Accept": media,
            TICKET_HEADER: order.ticket,
        }
        reply = self._egress.post(url, order.body, headers, seconds=left, pool=department)
        _check_status(reply, media)
        return reply


class _StatusError(Exception):
    """The reply is not an answer."""

    def __init__(
        self, problem: str, *, retryable: bool = False, retry_after: int | None = None
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.retryable = retryable
        self.retry_after = retry_after


def _check_status(reply: Reply, media: str) -> None:
    status = reply.status
    if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110 §15.4
        raise _StatusError("REDIRECT")
    if status != _OK:
        raise _StatusError(
            f"HTTP_{status}",
            retryable=status in _LATER,
            retry_after=_seconds(reply.headers.get("Retry-After", "")),
        )
    if reply.headers.get("Content-Type", "").partition(";")[0].strip().lower() != media:
        raise _StatusError("BAD_TYPE")


def _seconds(text: str) -> int | None:
    """Retry-After in seconds; the form with a date is left to our own back-off."""
    if _RETRY_AFTER.fullmatch(text) is None:
        return None
    return min(int(text), _MAX_WAIT)


def _watch_clock(order: Order, answer: Answer, started: datetime) -> None:
    """Tickets end to the millisecond, so a department's clock must go with ours."""
    made = answer.produced_at
    if made is not None and not started - _CLOCK_ALARM <= made <= wall() + _CLOCK_ALARM:
        seconds = round((made - started).total_seconds(), 3)
        _log.warning("department.clock", department=order.department, seconds=seconds)


def _nothing(
    started: datetime, problem: str, *, retryable: bool, retry_after: int | None = None
) -> Fetched:
    return Fetched(
        answer=None,
        problem=problem,
        retryable=retryable,
        started_at=started,
        ended_at=wall(),
        retry_after=retry_after,
    )


def _result(
    started: datetime, answer: Answer, problem: str | None, *, retryable: bool = False
) -> Fetched:
    return Fetched(
        answer=answer,
        problem=problem,
        retryable=retryable,
        started_at=started,
        ended_at=wall(),
    )


def _record(question: RegistryQuestion, answer: Answer) -> RegistryRecord:
    if answer.outcome is Outcome.NO_RECORD:
        return RegistryRecord(
            known=False, serial=answer.serial, sha256=answer.sha256, as_of=answer.as_of
        )
    if answer.outcome is not Outcome.DATA:
        raise RegistryUnavailableError(f"{question.request_id}: {answer.outcome}")
    return RegistryRecord(
        known=True,
        serial=answer.serial,
        sha256=answer.sha256,
        as_of=answer.as_of,
        name=_text(answer.items, "name"),
        status=_text(answer.items, "status"),
        district=_text(answer.items, "district"),
        address=_text(answer.items, "address"),
        industry=_text(answer.items, "industry") or None,
        size=_text(answer.items, "size") or None,
        rep_name=_text(answer.items, "rep_name"),
    )


def _text(items: Mapping[str, object], name: str) -> str:
    value = items.get(name)
    return value if isinstance(value, str) else ""

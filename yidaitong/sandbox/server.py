"""The departments' web server: resources, identity check, fault control and their own log.

For development and tests only: it listens where it is told, and its control has no lock.
"""

import hashlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from yidaitong.departments.registry import DEPARTMENTS, RESOURCES
from yidaitong.departments.wire import MAX_REQUEST_BYTES, TICKET_HEADER
from yidaitong.kernel.clock import wall
from yidaitong.notices.wire import ACK_TYP
from yidaitong.sandbox import bankkeys, data, weather
from yidaitong.sandbox.answering import Asked, RequestRefusedError, read_request, reply_to
from yidaitong.sandbox.changes import ChangeBook
from yidaitong.sandbox.faults import FaultBook
from yidaitong.sandbox.journal import Entry, Journal
from yidaitong.sandbox.keys import AnswerKeys, ensure, platform_path
from yidaitong.sandbox.notices import NoticeDesk, NoticeRefusedError
from yidaitong.sandbox.tickets import TicketDesk, TicketRefusedError
from yidaitong.sandbox.twisting import answer_text
from yidaitong.sandbox.wires import WIRES, plain

EXTENSION: Final = "ydt-sandbox"
IDENTITY: Final = "IDENTITY.VERIFY"  # How faults name the identity provider.
NOTICES: Final = "NOTICES"  # How faults name the inbox of a department or bank.
_BANK: Final = re.compile(r"bank-[a-z0-9-]{2,40}", re.ASCII)

pages = Blueprint("sandbox", __name__)


@dataclass(kw_only=True)
class Sandbox:
    """What one process of the departments holds."""

    keys: AnswerKeys = field(repr=False)
    desk: TicketDesk
    notices: NoticeDesk
    bank_keys: Path
    faults: FaultBook
    journal: Journal = field(default_factory=Journal)
    changes: ChangeBook = field(default_factory=ChangeBook)
    # Ordinary delays and rare failures; off for designed stories and tests.
    ordinary_day: bool = False
    clock: Callable[[], datetime] = wall


def create_app(
    home: Path, platform_jwks_path: Path | None = None, *, clock: Callable[[], datetime] = wall
) -> Flask:
    """The departments as one web application.

    ``YDT_SANDBOX_FAULTS`` is a JSON list of faults to begin with; ``YDT_SANDBOX_WEATHER=1`` turns
    on ordinary delays and rare failures. One process only: used tickets and faults are its own.
    """
    app = Flask("yidaitong.sandbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST_BYTES
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions[EXTENSION] = Sandbox(
        keys=ensure(home),
        desk=TicketDesk(platform_jwks_path or platform_path(home)),
        notices=NoticeDesk(platform_jwks_path or platform_path(home)),
        bank_keys=Path(os.environ.get("YDT_BANK_KEYS_DIR") or home / bankkeys.FOLDER),
        faults=FaultBook.read(os.environ.get("YDT_SANDBOX_FAULTS", "")),
        ordinary_day=os.environ.get("YDT_SANDBOX_WEATHER", "") == "1",
        clock=clock,
    )
    app.register_blueprint(pages)
    return app


def sandbox() -> Sandbox:
    """The sandbox of the running application."""
    found = current_app.extensions[EXTENSION]
    if not isinstance(found, Sandbox):
        raise TypeError("not a sandbox")
    return found


@pages.post("/<department>/resources/<code>")
def answer(department: str, code: str) -> ResponseReturnValue:
    """One department's answer about one firm."""
    resource = f"{department.upper()}.{code}"
    if resource not in RESOURCES or department != department.lower():
        return _refusal(404, "RESOURCE_UNKNOWN")
    here, asked_at = sandbox(), sandbox().clock()
    ticket, raw = request.headers.get(TICKET_HEADER, ""), request.get_data()
    try:
        claims = here.desk.admit(ticket, resource, raw, asked_at)
        asked = read_request(raw, resource)
    except TicketRefusedError as error:
        return _turned_away(asked_at, resource, ticket, (403, error.code))
    except RequestRefusedError as error:
        return _turned_away(asked_at, resource, ticket, (400, error.code))
    entry = Entry(
        asked_at=asked_at,
        answered_at=asked_at,
        resource=resource,
        uscc=asked.uscc,
        claims=claims,
        ticket=ticket,
        fields=asked.fields,
    )
    return _answered(here, asked, entry)


def _answered(here: Sandbox, asked: Asked, entry: Entry) -> ResponseReturnValue:
    fault = here.faults.take(asked.resource, asked.uscc)
    if here.ordinary_day:
        time.sleep(weather.delay(asked.sha256))
        fault = fault or weather.mishap(asked.sha256)
    if here.changes.known_by(asked.uscc, asked.name):
        asked = replace(asked, name="")
    envelope = reply_to(asked, here.clock())
    items = here.changes.over(asked.resource, asked.uscc, envelope.items)
    envelope = replace(envelope, items=items)
    text = answer_text(here.keys, envelope, None if fault is None else fault.kind)
    here.journal.write(
        replace(
            entry,
            answered_at=here.clock(),
            outcome=envelope.outcome.value,
            fault=None if fault is None else fault.kind.value,
        )
    )
    if fault is not None and fault.kind in WIRES:
        found: ResponseReturnValue = WIRES[fault.kind](fault, text)
        return found
    return plain(text)


def _turned_away(
    asked_at: datetime, resource: str, ticket: str, why: tuple[int, str]
) -> ResponseReturnValue:
    status, code = why
    sandbox().journal.write(
        Entry(
            asked_at=asked_at,
            answered_at=sandbox().clock(),
            resource=resource,
            ticket=ticket,
            refused=code,
        )
    )
    return _refusal(status, code)


def _refusal(status: int, code: str) -> tuple[Response, int]:
    return jsonify({"code": code}), status


@pages.post("/<department>/notices")
def department_notice(department: str) -> ResponseReturnValue:
    """A notice to one department."""
    code = department.upper()
    if code not in DEPARTMENTS or department != department.lower():
        return _refusal(404, "DEPARTMENT_UNKNOWN")
    return _noticed(code, partial(sandbox().keys.sign, code, ACK_TYP))


@pages.post("/banks/<bank_id>/notices")
def bank_notice(bank_id: str) -> ResponseReturnValue:
    """A notice to one of the made-up banks, at its callback address."""
    if _BANK.fullmatch(bank_id) is None:
        return _refusal(404, "BANK_UNKNOWN")
    keys = bankkeys.ensure(sandbox().bank_keys, bank_id)
    return _noticed(bank_id, partial(keys.sign, ACK_TYP))


def _noticed(to: str, sign: Callable[[bytes], str]) -> ResponseReturnValue:
    here = sandbox()
    text = request.get_data().decode("ascii", errors="replace")
    try:
        taken = here.notices.take(text, to, sign, here.clock())
    except NoticeRefusedError as error:
        return _refusal(409 if error.code == "NOTICE_CHANGED" else 403, error.code)
    fault = here.faults.take(f"{to}.{NOTICES}", "")
    if fault is not None and fault.kind in WIRES:
        found: ResponseReturnValue = WIRES[fault.kind](fault, taken.ack)
        return found
    return plain(taken.ack)


@pages.get("/_notices/<to>")
def show_notices(to: str) -> ResponseReturnValue:
    """The inbox of one receiver, oldest first."""
    return jsonify([one.shown() for one in sandbox().notices.of(to)])


@pages.post("/identity/verify")
def verify_identity() -> ResponseReturnValue:
    """The identity provider: do name, ID number and mobile belong to one person?"""
    body = request.get_json(silent=True)
    names = ("name", "id_number", "mobile")
    if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in names):
        return _refusal(400, "REQUEST_FORM")
    facts = [str(body[name]) for name in names]
    reply = {
        "result": data.identity_result(*facts),
        "serial": f"ID-{hashlib.sha256('|'.join(facts).encode()).hexdigest()[:16]}",
    }
    fault = sandbox().faults.take(IDENTITY, "")
    if fault is not None and fault.kind in WIRES:
        found: ResponseReturnValue = WIRES[fault.kind](fault, current_app.json.dumps(reply))
        return found
    return jsonify(reply)


@pages.get("/_faults")
def show_faults() -> ResponseReturnValue:
    """The faults in force."""
    return jsonify(sandbox().faults.shown())


@pages.put("/_faults")
def put_faults() -> ResponseReturnValue:
    """Put a list of faults in force instead of the present ones."""
    try:
        sandbox().faults.replace(request.get_json(silent=True))
    except (ValueError, TypeError) as error:
        return jsonify({"code": "FAULTS", "reason": str(error)}), 400
    return jsonify(sandbox().faults.shown())


@pages.put("/_firms/<uscc>")
def change_firm(uscc: str) -> ResponseReturnValue:
    """Let the registry say something else of a firm: ``rep_name``, ``name``, ``status``."""
    try:
        return jsonify(sandbox().changes.put(uscc, request.get_json(silent=True)))
    except ValueError as error:
        return jsonify({"code": "CHANGES", "reason": str(error)}), 400


@pages.get("/_log")
def show_log() -> ResponseReturnValue:
    """What was asked and answered, oldest first; ``?resource=TAX.PAY`` for one."""
    entries = sandbox().journal.entries(request.args.get("resource"))
    return jsonify([entry.shown() for entry in entries])


@pages.delete("/_log")
def clear_log() -> ResponseReturnValue:
    """Forget the log."""
    sandbox().journal.clear()
    return "", 204


@pages.get("/health")
def health() -> ResponseReturnValue:
    """Whether the process is up, and which day it takes today to be."""
    today: dict[str, Any] = {"status": "ok", "now": sandbox().clock().isoformat()}
    return jsonify(today)

"""Reading what comes in, strictly: forms, queries, JSON; each value once, no hidden signs."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from flask import Flask, request
from marshmallow import Schema, fields
from werkzeug.datastructures import MultiDict

from yidaitong.kernel.errors import InvalidRequestError

MAX_BODY_BYTES: Final = 2 * 1024 * 1024
MAX_DEPTH: Final = 32
CSRF_FIELD: Final = "csrf_token"
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[\]{}]")


def init_intake(app: Flask) -> None:
    """Refuse oversized bodies and ambiguous queries before any view runs."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.config["MAX_FORM_PARTS"] = 500
    app.before_request(_check_query)


def _check_query() -> None:
    for name, values in request.args.lists():
        if len(values) > 1:
            raise InvalidRequestError("repeated parameter")
        for text in (name, *values):
            check_text(text)
    # Percent-decoding happened already: what is odd here was odd on the wire.
    check_text(request.path)


def check_text(text: str) -> None:
    """Refuse NUL and text that is no Unicode: no database takes them.

    Raises:
        InvalidRequestError: there is one.
    """
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise InvalidRequestError("unusable text")


def read(schema: Schema, location: str, ignored: frozenset[str]) -> dict[str, Any]:
    """The members of this request for ``schema``; ``ignored`` names those read elsewhere.

    Raises:
        InvalidRequestError: a value is repeated, or the body is no JSON object.
    """
    if location == "json":
        return read_json(request.get_data(cache=True))
    source = request.form if location == "form" else request.args
    return _flat(source, schema, ignored)


def read_nothing() -> None:
    """For an act that takes nothing but its address and, on a page, our own token.

    Raises:
        InvalidRequestError: something was sent along.
    """
    body = request.get_data(cache=True, parse_form_data=True)
    sent = sorted({*request.form, *request.files} - {CSRF_FIELD})
    for name in sent:
        check_text(name)
    if sent or len(request.form.getlist(CSRF_FIELD)) > 1 or body.strip() not in {b"", b"{}"}:
        raise InvalidRequestError("nothing is taken", fields=dict.fromkeys(sent, "UNKNOWN"))


def _flat(source: MultiDict[str, str], schema: Schema, ignored: frozenset[str]) -> dict[str, Any]:
    """Blank fields of a form are fields that were not filled in."""
    found: dict[str, Any] = {}
    for name, values in source.lists():
        if name in ignored:
            continue
        for text in (name, *values):
            check_text(text)
        if isinstance(schema.load_fields.get(name), fields.List):
            found[name] = [value for value in values if value.strip()]
        elif len(values) > 1:
            raise InvalidRequestError("repeated parameter", fields={name: "REPEATED"})
        elif values[0].strip() or name not in schema.load_fields:
            found[name] = values[0]
    return found


def read_json(body: bytes) -> dict[str, Any]:
    """A JSON object (RFC 8259), read strictly.

    Raises:
        InvalidRequestError: wrong content type, bad UTF-8, bad JSON, a repeated member, NaN or
            Infinity, a number beyond double, more than 32 levels, a lone surrogate, no object.
    """
    if request.mimetype != "application/json":
        raise InvalidRequestError("content type", fields={"Content-Type": "NOT_JSON"})
    try:
        _check_depth(body)
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError("unreadable JSON") from error
    if not isinstance(value, dict):
        raise InvalidRequestError("JSON is no object")
    _check_texts(value)
    return value


def _check_depth(body: bytes) -> None:
    """Count brackets outside strings: the parser itself would recurse first."""
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", body)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            raise ValueError("too deep")


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, dict):
        for name, member in value.items():
            check_text(name)
            _check_texts(member)
    elif isinstance(value, list):
        for member in value:
            _check_texts(member)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated member")
    return found


def _no_constant(_name: str) -> None:
    raise ValueError("not a number")


def _finite(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise ValueError("not a finite number")
    return value


def typed_values() -> Mapping[str, Any]:
    """What was typed into the form of this request, for showing it again; no passwords."""
    hidden = {CSRF_FIELD, "password", "current", "new", "new_again"}
    return {
        name: values[0] if len(values) == 1 else values
        for name, values in request.form.lists()
        if name not in hidden
    }

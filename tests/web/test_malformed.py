"""Thousands of malformed bodies over every changing operation: refused, and nothing has changed."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import fields
from werkzeug.test import TestResponse

from bank_portal.fields import Whole
from tests.web.calling import (
    ROLES_OF,
    Operation,
    changing,
    contents,
    csrf_of,
    password_of,
    path_of,
    step_up_token,
    valid_body,
)
from tests.web.city import City
from tests.web.test_access import ids_of, words_of
from yidaitong.web.statuses import STATUS

pytestmark = [
    pytest.mark.xdist_group("city"),
    pytest.mark.promise("T19"),
    pytest.mark.timeout(1800),
]
# By the order of checks these may come before the body is looked at: who calls, from where, and the
# content type of a form whose token cannot be read.
EARLIER: Final = frozenset({401, 403, 404, 413, 415})
JUNK: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
# Names no schema has.
STRANGE: Final = st.sampled_from(["role", "state", "bank_id_", "__class__", "$where", "是否", "A"])
WRONG: Final[list[Any]] = [[[]], {"a": 1}, [None], {}]
# Fields whose value must be of a kind that text of this form is not.
_STRICT: Final = (fields.Integer, fields.UUID, fields.Date, fields.Boolean, fields.Enum, Whole)


def json_bodies(good: Mapping[str, Any]) -> st.SearchStrategy[tuple[bytes, str]]:
    """Bytes that are not what the operation takes, and their content type."""
    whole = json.dumps(dict(good)).encode()
    wrong = st.tuples(st.sampled_from(sorted(good) or ["A"]), st.sampled_from(WRONG))
    bodies = st.one_of(
        st.binary(min_size=1, max_size=60).filter(_no_object),
        JUNK.filter(lambda value: not isinstance(value, dict)).map(_dumped),
        st.integers(1, max(1, len(whole) - 1)).map(lambda end: whole[:end] + b"{"),
        st.just(b'{"a": 1, "a": 2, ' + whole[1:]),
        st.sampled_from([b"NaN", b"-Infinity", b"1e999"]).map(lambda odd: b'{"a": ' + odd + b"}"),
        st.integers(33, 4000).map(lambda depth: b'{"a": ' + b"[" * depth + b"}"),
        st.sampled_from(["\\u0000", "\\ud800"]).map(lambda sign: f'{{"A": "{sign}"}}'.encode()),
        wrong.map(lambda one: _dumped({**good, one[0]: one[1]})),
        st.tuples(STRANGE, JUNK).map(lambda one: _dumped({**good, one[0]: one[1]})),
    )
    other = st.sampled_from(["text/plain", "application/xml", "", "image/png"])
    return st.one_of(
        st.tuples(bodies, st.just("application/json")),
        st.tuples(st.just(whole), other),
    )


@st.composite
def forms(draw: st.DrawFn, operation: Operation, good: Mapping[str, Any]) -> dict[str, Any]:
    """A form that is not what the operation takes."""
    strict = [] if operation.schema is None else [
        name
        for name, one in operation.schema().load_fields.items()
        if isinstance(one, _STRICT) and name in good
    ]  # fmt: skip
    text = draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
    match draw(st.integers(0, 3)):
        case 0 if good:
            name = draw(st.sampled_from(sorted(good)))
            value = good[name]
            return {**good, name: [*value, "\x00"] if isinstance(value, list) else f"{value}\x00"}
        case 1 if strict:
            return {**good, draw(st.sampled_from(strict)): f"~{text}"}
        case 2:
            return {**good, draw(STRANGE): [text, text]}
    return {**good, draw(STRANGE): text}


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def _no_object(data: bytes) -> bool:
    try:
        return not isinstance(json.loads(data), dict)
    except ValueError:
        return True


def caller_of(operation: Operation) -> str:
    """Somebody who may call it, so that nothing but the body is wrong."""
    return next(name for name in reversed(tuple(ROLES_OF)) if operation.may(name))


def send_json(
    city: City, operation: Operation, path: str, body: bytes, content_type: str
) -> TestResponse:
    person = city.people[caller_of(operation)]
    headers = {"Authorization": f"Bearer {person.token}"} if person.token else {}
    if operation.step_up and person.token:
        headers["Step-Up-Token"] = step_up_token(city.runtime, person, "x")
    signed = person.signed(operation.method, path, body, headers)
    return person.client.open(
        path, method=operation.method, data=body, headers=signed, content_type=content_type
    )


def send_form(city: City, operation: Operation, path: str, form: Mapping[str, Any]) -> TestResponse:
    name = caller_of(operation)
    data = {"csrf_token": csrf_of(city.people[name]), **form}
    if operation.step_up or form.get("password") == "x":
        data["password"] = password_of(name)
    return city.people[name].client.open(path, method=operation.method, data=data)


def refused(answer: TestResponse) -> bool:
    """A refusal of ours, told as ours."""
    if answer.status_code == 400:
        return "InvalidRequest" in answer.text or answer.content_type.startswith("text/html")
    told = answer.content_type.startswith(("application/problem+json", "text/html"))
    return answer.status_code in EARLIER and told


def fuzz(city: City, most: int) -> Counter[tuple[str, int]]:
    """``most`` malformed bodies; how often each operation answered what."""
    known = [
        (one, path_of(city.app, one, words_of(one) | ids_of(one, city.own)), valid_body(one))
        for one in changing(city.app)
        if one.endpoint not in {"site.sign_out", "session_api.sign_out"}
    ]
    answers: Counter[tuple[str, int]] = Counter()

    @settings(
        max_examples=most,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def send(data: st.DataObject) -> None:
        one, path, good = known[data.draw(st.integers(0, len(known) - 1))]
        if one.is_api:
            body, kind = data.draw(json_bodies(good))
            answer = send_json(city, one, path, body, kind)
        else:
            answer = send_form(city, one, path, data.draw(forms(one, good)))
        answers[one.name, answer.status_code] += 1
        assert refused(answer), (one.name, answer.status_code, answer.text[:300])

    send()
    return answers


class TestMalformed:
    @pytest.mark.parametrize(
        "most", [pytest.param(500, id="short"), pytest.param(5000, marks=pytest.mark.nightly)]
    )
    def test_nothing_is_taken_and_nothing_changes(self, city: City, most: int) -> None:
        before = contents(city.runtime)

        answers = fuzz(city, most)

        assert contents(city.runtime) == before
        assert sum(answers.values()) >= most
        by_status: Counter[int] = Counter()
        for (_, status), count in answers.items():
            by_status[status] += count
        print(dict(by_status), len({name for name, _ in answers}))  # noqa: T201 - a report
        assert by_status[400] > 0.9 * sum(by_status.values())

    def test_the_document_names_no_call_this_does_not_try(self, city: City) -> None:
        document = city.app.test_client().get("/api/openapi.json").get_json()
        told = {
            (verb.upper(), path.replace("{", "<").replace("}", ">"))
            for path, verbs in document["paths"].items()
            for verb in verbs
            if verb in {"post", "put", "patch", "delete"}
        }
        tried = {
            (one.method, one.rule.rule.replace("uuid:", "").replace("int:", ""))
            for one in changing(city.app)
            if one.is_api
        }

        assert told == tried
        assert STATUS["InvalidRequest"] == 400

"""JSON from outside: what is read, and what Python would have read but we do not."""

import json
import tracemalloc
from contextlib import suppress
from time import thread_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yidaitong.kernel.strictjson import (
    MAX_DEPTH,
    MAX_VALUES,
    Flaw,
    StrictJsonError,
    parse,
    parse_object,
)

LIMIT = 1 << 20

REFUSED = [
    (b"", Flaw.SYNTAX),
    (b" ", Flaw.SYNTAX),
    (b"{", Flaw.SYNTAX),
    (b'{"a":}', Flaw.SYNTAX),
    (b"{'a': 1}", Flaw.SYNTAX),
    (b"[1,]", Flaw.SYNTAX),
    (b"1 2", Flaw.SYNTAX),
    (b"01", Flaw.SYNTAX),
    (b'"a\nb"', Flaw.SYNTAX),
    (b"\xef\xbb\xbf{}", Flaw.SYNTAX),
    (b'"\xff"', Flaw.ENCODING),
    ("[]".encode("utf-16"), Flaw.ENCODING),
    ('"甲"'.encode("gb18030"), Flaw.ENCODING),
    (b'"\xc0\xaf"', Flaw.ENCODING),
    (b'"\xed\xa0\x80"', Flaw.ENCODING),
    (b'"\\ud800"', Flaw.ENCODING),
    (b'"\\udc00\\ud800"', Flaw.ENCODING),
    (b'{"\\ud800": 1}', Flaw.ENCODING),
    (b'["a\\u0000b"]', Flaw.ENCODING),
    (b'["\\\\\\u0000"]', Flaw.ENCODING),
    (b'{"a": 1, "a": 1}', Flaw.DUPLICATE),
    (b'[{"b": {"a": 1, "\\u0061": 2}}]', Flaw.DUPLICATE),
    (b"NaN", Flaw.NUMBER),
    (b"[Infinity]", Flaw.NUMBER),
    (b"[-Infinity]", Flaw.NUMBER),
    (b"1e999", Flaw.NUMBER),
    (b"1.5", Flaw.NUMBER),
    (b"1e2", Flaw.NUMBER),
    (b"9007199254740992", Flaw.NUMBER),
    (b"-9007199254740992", Flaw.NUMBER),
    (b"1" * 5000, Flaw.NUMBER),
    (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), Flaw.DEPTH),
    (b'{"a":' * 33 + b"1" + b"}" * 33, Flaw.DEPTH),
    (b"[" * 100_000 + b"]" * 100_000, Flaw.DEPTH),
    (b"[" * 100_000, Flaw.DEPTH),
    (b"[1," * 2000 + b"[" * 40, Flaw.DEPTH),
    (b"[" + b"1," * 3000 + b"[" * 40, Flaw.SYNTAX),
    (b"[" + b"1," * 3000 + b"[" * 40 + b"]" * 41, Flaw.DEPTH),
    (b"]" * 100_000, Flaw.SYNTAX),
    (b"[}" * 100, Flaw.DEPTH),
    (b"[" * 32 + b"]" * 31, Flaw.SYNTAX),
    (b" " * (LIMIT + 1), Flaw.SIZE),
    (b"[" + b"1," * MAX_VALUES + b"1,1]", Flaw.SIZE),
    (b"{" + b",".join(b'"%d":0' % n for n in range(MAX_VALUES + 2)) + b"}", Flaw.SIZE),
]
READ = [
    (b"null", None),
    (b"[true, false]", [True, False]),
    (b"9007199254740991", 9007199254740991),
    (b"-9007199254740991", -9007199254740991),
    (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
    (b'"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["', "[" * 40),
    (b'"\\"[\\"["', '"["['),
    (b'"\\\\u0000"', "\\u0000"),
    (b'"\\ud83d\\ude00"', "😀"),
    ('{"名称": "济南"}'.encode(), {"名称": "济南"}),
]


@pytest.mark.promise("T14")
@pytest.mark.parametrize(("raw", "flaw"), REFUSED)
def test_what_is_refused(raw: bytes, flaw: Flaw) -> None:
    with pytest.raises(StrictJsonError) as caught:
        parse(raw, max_bytes=LIMIT)

    assert caught.value.flaw is flaw
    assert str(caught.value) == flaw.value


@pytest.mark.parametrize(("raw", "value"), READ)
def test_what_is_read(raw: bytes, value: Any) -> None:
    found = parse(raw, max_bytes=LIMIT)

    assert value is None or found == value


@pytest.mark.parametrize("raw", [b"[]", b'"a"', b"1", b"null"])
def test_an_object_is_asked_for(raw: bytes) -> None:
    with pytest.raises(StrictJsonError):
        parse_object(raw, max_bytes=LIMIT)


@pytest.mark.promise("T14")
@pytest.mark.parametrize(
    "raw",
    [
        b"[" * LIMIT,
        b'{"a":' * (LIMIT // 5),
        b'"' + b'\\"' * (LIMIT // 2 - 1),
        b'"' * LIMIT,
        b"\\" * LIMIT,
        b'"\\' * (LIMIT // 2),
        b"1" * LIMIT,
        b"[" + b"1" * (LIMIT - 2) + b"]",
    ],
)
def test_a_bomb_is_refused_quickly_and_cheaply(raw: bytes) -> None:
    taken = []
    for _ in range(3):
        began = thread_time()  # Of the processor: the machine may be busy.
        with pytest.raises(StrictJsonError):
            parse(raw, max_bytes=LIMIT)
        taken.append(thread_time() - began)
    tracemalloc.start()
    with pytest.raises(StrictJsonError):
        parse(raw, max_bytes=LIMIT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert min(taken) < 0.05
    assert peak < 20_000_000


_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc甲"), inner),
    max_leaves=20,
)


@given(_values)
@settings(max_examples=200, deadline=None)
def test_what_we_could_write_we_read(value: Any) -> None:
    assert parse(json.dumps(value).encode(), max_bytes=LIMIT) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode(), max_bytes=LIMIT) == value


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(StrictJsonError):
        parse(raw, max_bytes=100)

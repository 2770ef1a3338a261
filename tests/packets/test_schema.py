"""The published JSON Schema and the verifier's own reading agree about every packet."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import yidaitong
from consent.encoding import b64u_decode
from tests.packets.offline import Bench, an_artefact
from yidaitong.packets.deliveries import read
from yidaitong.packets.schema import PacketFormError, read_packet

SCHEMA = Path(yidaitong.__path__[0]) / "docs" / "packet.schema.json"
VALIDATOR = jsonschema_rs.Draft202012Validator(
    json.loads(SCHEMA.read_text(encoding="utf-8")), validate_formats=True
)


def body_of(bench: Bench, *items: str) -> dict[str, Any]:
    made = bench.make(artefact=an_artefact(items)) if items else bench.make()
    packet = read(made.plaintext).packet
    found: dict[str, Any] = json.loads(b64u_decode(packet.split(".")[1]))
    return found


def shortened(value: Any) -> Any:
    """With one row of each table."""
    if isinstance(value, dict):
        return {
            name: shortened(part[:1] if name == "rows" else part) for name, part in value.items()
        }
    return [shortened(part) for part in value] if isinstance(value, list) else value


BODY = shortened(body_of(Bench(), "reg.status", "court.dishonest_open", "tax.paid_12m_fen"))


def ours(body: Any) -> bool:
    try:
        read_packet(json.dumps(body, ensure_ascii=False).encode())
    except PacketFormError:
        return False
    return True


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a packet."""
    yield path
    if isinstance(value, dict):
        for name, part in value.items():
            yield from paths(part, (*path, name))
    elif isinstance(value, list):
        for n, part in enumerate(value[:2]):
            yield from paths(part, (*path, n))


BODY["resources"][0]["issued_sha256"] = "A" * 43
PLACES = [path for path in paths(BODY) if path]
# NUL is refused in every text before any schema is asked.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
# What may stand anywhere by mistake; nothing the two read differently by design (see below).
STRANGE = [None, True, 0, -1, "", "x", "2026-02-30", [], {}, "2026-03-02", [None], {"a": 1}]


def at(body: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        body = body[name]
    return body


def test_whole_packets_are_valid() -> None:
    for body in (BODY, body_of(Bench())):
        assert ours(body)
        assert [error.message for error in VALIDATOR.iter_errors(body)] == []


def test_the_annotated_example_is_valid() -> None:
    page = SCHEMA.with_name("packet.md").read_text(encoding="utf-8")
    body = json.loads(page.split("## An example")[1].split("```json\n")[1].split("```")[0])

    assert ours(body)
    assert [error.message for error in VALIDATOR.iter_errors(body)] == []


@pytest.mark.parametrize("value", STRANGE, ids=repr)
def test_they_agree_about_a_strange_value_anywhere(value: Any) -> None:
    for path in PLACES:
        body = copy.deepcopy(BODY)
        at(body, path[:-1])[path[-1]] = value

        assert ours(body) == VALIDATOR.is_valid(body), path


def test_they_agree_about_a_member_too_few_or_too_many() -> None:
    for path in PLACES:
        if not isinstance(path[-1], str) or path[-1] == "issued_sha256":
            continue  # A row of a list, or the one member that may be left out.
        less, more = copy.deepcopy(BODY), copy.deepcopy(BODY)
        del at(less, path[:-1])[path[-1]]
        at(more, path[:-1])["and_more"] = "x"

        assert (ours(less), VALIDATOR.is_valid(less)) == (False, False), path
        assert (ours(more), VALIDATOR.is_valid(more)) == (False, False), path


@given(st.sampled_from(PLACES), TEXTS | st.integers(-(2**53) + 1, 2**53 - 1))
def test_they_agree_about_any_text_and_number(path: tuple[Any, ...], value: Any) -> None:
    body = copy.deepcopy(BODY)
    at(body, path[:-1])[path[-1]] = value

    assert ours(body) == VALIDATOR.is_valid(body)

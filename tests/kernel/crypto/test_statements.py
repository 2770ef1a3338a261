"""Key statements: the old key names the new ones, the new ones sign for themselves."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey, generate, public_of
from yidaitong.kernel.crypto.statements import (
    STATEMENT_TYP,
    Plan,
    StatementError,
    read_bundle,
    write_bundle,
)

FROM = "2026-03-01T00:00:00.000Z"
OLD = generate("Ed25519", ydt_owner="bank-a")
NEW, SEAL = generate("Ed25519"), generate("X25519")
PINNED = KeySet.of(PublicKey.read(public_of(OLD)))


PLAN = Plan(owner="bank-a", retire=(OLD["kid"],), from_at=FROM, reason="YEARLY")


def a_bundle(
    old: dict[str, str] = OLD, new: tuple[dict[str, str], ...] = (NEW, SEAL), **changes: Any
) -> str:
    return write_bundle(PrivateKey.read(old), new, replace(PLAN, **changes))


GOOD = a_bundle()


def test_the_old_key_names_a_new_one_to_sign_and_one_to_seal() -> None:
    change = read_bundle(GOOD, PINNED)

    assert [key.kid for key in change.add] == [NEW["kid"], SEAL["kid"]]
    assert (change.owner, change.retire, change.reason) == ("bank-a", (OLD["kid"],), "YEARLY")
    assert json.loads(GOOD)["statement"] == change.statement


def changed(change: Callable[[dict[str, Any]], None]) -> str:
    body = json.loads(GOOD)
    change(body)
    return json.dumps(body)


def resigned(**members: Any) -> str:
    """The statement with other members, signed by everybody all the same."""
    body = json.loads(GOOD)
    told = json.loads(jws.verify(body["statement"], typ=STATEMENT_TYP, keys=PINNED).payload)
    payload = json.dumps({**told, **members}).encode()
    body["statement"] = jws.sign(PrivateKey.read(OLD), STATEMENT_TYP, payload)
    body["possession"] = [jws.sign(PrivateKey.read(NEW), STATEMENT_TYP, payload)]
    return json.dumps(body)


OTHER = generate("Ed25519", ydt_owner="bank-a")
REFUSED = {
    "nobody pinned": a_bundle(OTHER),
    "another owner": a_bundle(owner="bank-b"),
    "a private key among them": changed(lambda body: body["keys"].__setitem__(0, NEW)),
    "another key than named": changed(
        lambda body: body["keys"].__setitem__(0, public_of(generate("Ed25519")))
    ),
    "a key left out": changed(lambda body: body["keys"].pop()),
    "a key too many": changed(lambda body: body["keys"].append(public_of(OTHER))),
    "nobody holds the new key": changed(lambda body: body.update(possession=[])),
    "held by somebody else": changed(
        lambda body: body.update(possession=[jws.sign(PrivateKey.read(OTHER), STATEMENT_TYP, b"")])
    ),
    "held for another statement": changed(
        lambda body: body.update(
            possession=[jws.sign(PrivateKey.read(NEW), STATEMENT_TYP, b'{"v":"ydt-keys/1"}')]
        )
    ),
    "an old key as a new one": a_bundle(new=(OLD,), retire=()),
    "retires a stranger": resigned(retire=[OTHER["kid"]]),
    "adds nothing": a_bundle(new=()),
    "no time": resigned(**{"from": "soon"}),
    "a time of no place": resigned(**{"from": "2026-03-01T00:00:00"}),
    "no reason": resigned(reason=""),
    "a member more": resigned(and_more=1),
    "the same key twice": resigned(retire=[OLD["kid"], OLD["kid"]]),
    "another version": resigned(v="ydt-keys/2"),
    "a receipt": changed(
        lambda body: body.update(statement=jws.sign(PrivateKey.read(OLD), "ydt-rx+jws", b"{}"))
    ),
    "no bundle": "[]",
    "too long": GOOD + " " * 70_000,
}


@pytest.mark.promise("T22", "T23")
@pytest.mark.parametrize("name", REFUSED)
def test_what_changes_no_key(name: str) -> None:
    with pytest.raises(StatementError):
        read_bundle(REFUSED[name], PINNED)


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused_by_our_error(raw: bytes) -> None:
    with pytest.raises(StatementError):
        read_bundle(raw, PINNED)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 7))
def test_any_flipped_bit_of_a_good_one(place: int, bit: int) -> None:
    raw = bytearray(GOOD.encode())
    raw[place] ^= 1 << bit
    try:
        change = read_bundle(bytes(raw), PINNED)
    except StatementError:
        return
    # White space between members, or a member of a JWK that says nothing new: the same change.
    assert change == read_bundle(GOOD, PINNED)

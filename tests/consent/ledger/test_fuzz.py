"""Whatever bytes come in, every parser answers with its own refusal or a value."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.ledger.bundles import verify_bundle
from consent.ledger.checkpoint import open_checkpoint, read_checkpoint
from consent.ledger.errors import LedgerError
from consent.ledger.folders import verify_folder
from consent.ledger.leaves import parse_leaf
from consent.ledger.note import read_note, read_vkey
from consent.ledger.paths import read_bundle, read_path
from consent.ledger.policy import policy_of, read_policy
from consent.ledger.prooftext import read_proof
from consent.ledger.signatures import verifier_of
from tests.consent.ledger.builders import a_signer, bodies, files_of
from tests.consent.test_artefact import vector

SIGNER = a_signer()
POLICY = policy_of(str(SIGNER.vkey))
VERIFIER = verifier_of(SIGNER.vkey)
HEAD = SIGNER.note("log\n1\nAAAA\n").encode()
RECEIPT = json.dumps(vector("revocation_receipt")).encode()
FILES = files_of(bodies(3))


def as_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: read(data.decode("utf-8", "surrogateescape"))


PARSERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "leaf": (parse_leaf, bodies(1)[0]),
    "note": (read_note, HEAD),
    "head": (lambda data: open_checkpoint(data, [VERIFIER]), FILES["checkpoint"]),
    "checkpoint": (as_text(read_checkpoint), b"log\n1\nAAAA\n"),
    "vkey": (as_text(read_vkey), str(SIGNER.vkey).encode()),
    "policy": (read_policy, f"log {SIGNER.vkey}\nquorum none\n".encode()),
    "proof": (as_text(read_proof), vector("revocation_receipt")["proof"].encode()),
    "path": (as_text(read_path), b"tile/0/x001/000.p/3"),
    "entries": (read_bundle, FILES["tile/entries/000.p/3"]),
    "bundle": (lambda data: verify_bundle(data, POLICY), RECEIPT),
    "folder": (lambda data: verify_folder((FILES | {"checkpoint": data}).get, POLICY), HEAD),
}


@st.composite
def damaged(draw: st.DrawFn, example: bytes) -> bytes:
    """A good example with a few of its bytes changed, cut or repeated."""
    data = bytearray(example)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        piece = draw(st.sampled_from([b"", b"\n", b"\n\n", b"+", b" ", b'"', b"{", b"\xff"]))
        data[at : at + draw(st.integers(0, 9))] = piece + draw(st.binary(max_size=3))
    return bytes(data)


@pytest.mark.parametrize("name", PARSERS)
class TestParsers:
    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(data=st.data())
    def test_any_bytes_give_our_refusal_or_a_value(self, name: str, data: st.DataObject) -> None:
        parse, example = PARSERS[name]
        given_bytes = data.draw(st.one_of(st.binary(max_size=300), damaged(example)))

        try:
            parse(given_bytes)
        except LedgerError as refusal:
            assert refusal.check  # noqa: PT017 - any other error ends the test

    def test_deep_and_long_input_is_refused_quickly(self, name: str) -> None:
        parse, _ = PARSERS[name]
        for data in (b"[" * 100_000, b'{"a":' * 50_000, b"\n" * 600_000):
            try:
                parse(data)
            except LedgerError as refusal:
                assert refusal.check  # noqa: PT017 - as above

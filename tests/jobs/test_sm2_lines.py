"""Heads with an SM2 line: whoever knows its key checks it, everybody else skips it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from consent.ledger.checkpoint import open_checkpoint
from consent.ledger.errors import NoteError, PolicyError
from consent.ledger.folders import read_from, verify_folder
from consent.ledger.note import KeyKind, read_note, read_vkey, verify_note
from consent.ledger.policy import policy_of, read_policy
from consent.ledger.signatures import verifier_of
from tests.jobs.test_ledger import submitted
from tests.jobs.test_log_keys import head
from tests.kernel.crypto.pairs import needs_sm2
from yidaitong.jobs import exporting, ledger, publishing
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.keys import PublicKey
from yidaitong.kernel.crypto.notelines import Sm2NoteVerifier
from yidaitong.runtime import Runtime

pytestmark = needs_sm2


@pytest.fixture
def lined(runtime: Runtime) -> Iterator[Runtime]:
    settings = replace(runtime.settings, suites=("intl", "sm"), ledger_sm2_line=True)
    made = Runtime(settings)
    yield made
    made.close()


def _verifier(runtime: Runtime) -> Sm2NoteVerifier:
    with runtime.transaction(SYSTEM) as uow:
        published = uow.crypto.public_jwks(uow.session)["keys"]
    found = [one for one in published if one["crv"] == "SM2" and one["ydt_use"] == "log"]
    return Sm2NoteVerifier(runtime.settings.ledger_origin, PublicKey.read(found[0]))


class TestSm2Lines:
    def test_both_lines_verify_and_the_auditor_skips_the_unknown_one(
        self, lined: Runtime, tmp_path: Path
    ) -> None:
        ledger.init(lined)
        submitted(lined)
        ledger.step(lined)
        note, ed25519 = head(lined), read_vkey(ledger.vkey(lined))
        known = [verifier_of(ed25519), _verifier(lined)]

        kinds = [key.kind for key in verify_note(read_note(note), known)]
        assert kinds == [KeyKind.ED25519, KeyKind.SM2]
        assert open_checkpoint(note, known[:1]).checkpoint.size == 2
        # With the keys a checker is given there is no SM2 one: the line is of an unknown key.
        exporting.export_to(lined, tmp_path)
        for policy in (
            policy_of(str(ed25519)),
            read_policy(publishing.policy_text(lined).encode()),
        ):
            assert verify_folder(read_from(tmp_path), policy).ok

    def test_a_known_line_that_is_wrong_refuses_the_note(self, lined: Runtime) -> None:
        ledger.init(lined)
        ledger.step(lined)
        note = read_note(head(lined))
        line = note.lines[1]
        changed = replace(line, signature=line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
        known = [verifier_of(read_vkey(ledger.vkey(lined))), _verifier(lined)]

        with pytest.raises(NoteError):
            verify_note(replace(note, lines=(note.lines[0], changed)), known)

    def test_a_repeat_shows_the_head_that_was_signed_first(self, lined: Runtime) -> None:
        """SM2 signs differently each time; one size still has one note."""
        ledger.init(lined)
        ledger.step(lined)
        first = head(lined)
        lined.settings.ledger_head_file.write_bytes(first)
        ledger.step(lined)

        assert head(lined) == first

    def test_no_policy_names_an_sm2_key(self, lined: Runtime) -> None:
        ledger.init(lined)

        with pytest.raises(PolicyError):
            read_vkey(str(_verifier(lined).vkey))

    def test_switched_on_later(self, runtime: Runtime, lined: Runtime) -> None:
        ledger.step(runtime)
        submitted(runtime)
        ledger.init(lined)
        ledger.step(lined)

        assert len(read_note(head(lined)).lines) == 2

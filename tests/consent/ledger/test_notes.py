"""Notes, heads and verifier keys: known answers, and every trap of the texts."""

import base64
from typing import Any

import pytest

from consent.ledger.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from consent.ledger.errors import NoteError, PolicyError
from consent.ledger.merkle import EMPTY_ROOT
from consent.ledger.note import (
    KeyKind,
    NoteVerifier,
    VKey,
    read_note,
    read_vkey,
    verify_note,
    write_line,
)
from consent.ledger.signatures import verifier_of
from tests.consent.ledger.builders import ORIGIN, a_signer

# The example of Go's package note, the format's first implementation.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)
# The key of Go's checksum database: its base64 holds a plus sign.
SUM_DB = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
# C2SP tlog-checkpoint.
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q"
    "1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2"
    "oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
LOG = a_signer()
HEAD = Checkpoint(ORIGIN, 5, bytes(range(32)))


def ours() -> list[NoteVerifier]:
    return [verifier_of(LOG.vkey)]


class TestKnownAnswers:
    def test_the_first_example_verifies(self) -> None:
        note = read_note(PETERS_NOTE.encode())

        signed = verify_note(note, [verifier_of(read_vkey(PETER))])

        assert [key.name for key in signed] == ["PeterNeumann"]
        assert note.text.endswith("your problem is.\n")

    @pytest.mark.parametrize("vkey", [PETER, SUM_DB])
    def test_verifier_keys_are_written_as_read(self, vkey: str) -> None:
        assert str(read_vkey(vkey)) == vkey

    def test_the_head_of_the_text_is_read(self) -> None:
        note = read_note(SOFA.encode())
        head = read_checkpoint(note.text)

        assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20_852_163)
        assert head.text == note.text
        assert [line.key_id.hex() for line in note.lines] == ["033de0ae", "8d66cf3f"]
        # A cosignature begins with its time, here in March 2023.
        assert int.from_bytes(note.lines[1].signature[:8], "big") == 0x641850CB


class TestReadVKey:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "a+b",
            PETER.replace("c74f20a3", "c74f20a4"),
            PETER.replace("c74f20a3", "C74F20A3"),
            PETER.replace("PeterNeumann", ""),
            PETER.replace("PeterNeumann", "Peter Neumann"),
            PETER.replace("PeterNeumann", "Peter\u00a0Neumann"),
            PETER.replace("PeterNeumann", "\udc80"),
            PETER[:-4],
            PETER + "\n",
            "x+00000000+" + base64.b64encode(b"\x09" + bytes(32)).decode(),
            "x+00000000+",
        ],
    )
    def test_another_form_is_refused(self, text: str) -> None:
        with pytest.raises(PolicyError):
            read_vkey(text)


class TestReadNote:
    def test_the_last_empty_line_ends_the_text(self) -> None:
        text = "one\n\ntwo\n"
        note = read_note(LOG.note(text).encode())

        assert note.text == text
        verify_note(note, ours())

    @pytest.mark.parametrize(
        "note",
        [
            b"",
            b"\n\n",
            b"text\n",
            b"text\n\n",
            b"text\n\nno line\n",
            "text\n\n— a b\n".encode(),
            "text\n\n— a AAAAAA==\n".encode(),
            "text\n\n— a+b AAAAAAA=\n".encode(),
            "text\n\n— a AAAAAAA=".encode(),
            "text\n\n— a AAAAAAB=\n".encode(),
            "text\n\n— a  AAAAAAA=\n".encode(),
            "text\r\n\n— a AAAAAAA=\n".encode(),
            "te\txt\n\n— a AAAAAAA=\n".encode(),
            b"te\xffxt\n\n\xe2\x80\x94 a AAAAAAA=\n",
            b"x" * (256 * 1024 + 1),
            ("text\n\n" + "— a AAAAAAA=\n" * 33).encode(),
            b"text\n\n- a AAAAAAA=\n",
        ],
    )
    def test_another_form_is_refused(self, note: bytes) -> None:
        with pytest.raises(NoteError):
            read_note(note)

    def test_lines_are_ended_by_line_feeds_alone(self) -> None:
        text = "one\u2028two\u0085three\n"

        assert read_note(LOG.note(text).encode()).text == text

    def test_sixteen_lines_and_more_are_accepted(self) -> None:
        lines = "".join(write_line(VKey(f"w{at}", KeyKind.ED25519, b""), b"x") for at in range(31))

        verify_note(read_note((LOG.note("text\n") + lines).encode()), ours())


class TestVerifyNote:
    def test_unknown_lines_are_skipped(self) -> None:
        stranger = a_signer("stranger", bytes(32))
        note = LOG.note("text\n") + write_line(stranger.vkey, b"rubbish")

        assert verify_note(read_note(note.encode()), ours()) == [LOG.vkey]

    def test_a_wrong_line_of_a_known_key_refuses_the_note(self) -> None:
        note = LOG.note("text\n") + write_line(LOG.vkey, bytes(64))

        with pytest.raises(NoteError) as refused:
            verify_note(read_note(note.encode()), ours())
        assert refused.value.check == "note.signature"

    def test_two_known_keys_with_one_id_are_refused(self) -> None:
        class Twin:
            name, key_id = LOG.name, LOG.vkey.key_id

        twin: Any = type("Verifier", (), {"vkey": Twin})

        with pytest.raises(NoteError):
            verify_note(read_note(LOG.note("text\n").encode()), [*ours(), twin])

    def test_without_a_known_line_it_is_refused(self) -> None:
        with pytest.raises(NoteError):
            verify_note(read_note(LOG.note("text\n").encode()), [])

    def test_every_flipped_bit_is_refused(self) -> None:
        whole = LOG.note(HEAD.text).encode()
        for at in range(8 * len(whole)):
            changed = bytearray(whole)
            changed[at // 8] ^= 1 << at % 8
            with pytest.raises(NoteError):
                open_checkpoint(bytes(changed), ours())


class TestReadCheckpoint:
    @pytest.mark.parametrize(
        "size", ["+5", "1_0", " 7", "7 ", "٣", "05", "-1", "", "0x1", "5.0", str(2**63), "9" * 400]
    )
    def test_sizes_have_one_spelling(self, size: str) -> None:
        with pytest.raises(NoteError):
            read_checkpoint(HEAD.text.replace("\n5\n", f"\n{size}\n"))

    @pytest.mark.parametrize(
        "root", ["", "AB==", "AAAA====", base64.b64encode(bytes(31)).decode(), "é" * 44]
    )
    def test_roots_have_one_spelling(self, root: str) -> None:
        with pytest.raises(NoteError):
            read_checkpoint(f"{ORIGIN}\n5\n{root}\n")

    def test_extension_lines_are_tolerated_but_not_empty(self) -> None:
        assert read_checkpoint(HEAD.text + "more\n") == HEAD
        for text in (HEAD.text + "\n", HEAD.text + "more", "\n" + HEAD.text[len(ORIGIN) + 1 :]):
            with pytest.raises(NoteError):
                read_checkpoint(text)

    def test_an_empty_log_has_the_empty_root(self) -> None:
        assert read_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT).text).size == 0
        with pytest.raises(NoteError):
            read_checkpoint(Checkpoint(ORIGIN, 0, bytes(32)).text)

    def test_another_origin_than_its_signers_name_is_refused(self) -> None:
        note = LOG.note(Checkpoint("log.other.example", 5, bytes(32)).text)

        with pytest.raises(NoteError):
            open_checkpoint(note.encode(), ours())

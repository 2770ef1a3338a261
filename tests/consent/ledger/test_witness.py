"""A witness judges in the order of the protocol and never signs two histories."""

import hashlib
import os
import signal
import threading
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.ledger.checkpoint import Checkpoint, open_checkpoint
from consent.ledger.errors import NoteError, ProofError
from consent.ledger.merkle import EMPTY_ROOT, Tree, verify_consistency
from consent.ledger.note import VKey, read_note
from consent.ledger.signatures import verifier_of
from consent.ledger.witness import MAX_BODY, add_checkpoint, last_cosigned, write_request
from consent.ledger.witnessapp import WitnessApp
from tests.consent.ledger.builders import ORIGIN, a_signer
from tests.consent.ledger.test_fuzz import damaged
from tests.consent.ledger.witnesses import MOMENT, Bank, note, request, tree_of

NAME = hashlib.sha256(ORIGIN.encode()).hexdigest()
TREE = tree_of(9)


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path)


def stored(bank: Bank) -> int:
    with bank.store.locked(ORIGIN) as slot:
        head = slot.head()
    return 0 if head is None else head.size


class TestAnswers:
    def test_a_first_head_and_its_growth_are_cosigned(self, bank: Bank) -> None:
        for old, size in ((0, 3), (3, 8), (8, 8), (8, 9)):
            status, headers, lines = bank.ask(TREE, old, size)

            assert status == 200
            assert headers["Content-Type"] == "text/plain; charset=utf-8"
            whole = note(TREE, size, bank.log).encode() + lines
            head = open_checkpoint(whole, [verifier_of(k) for k in (bank.log.vkey, *vkeys(bank))])
            assert head.signed == (bank.log.vkey, *vkeys(bank))
            assert last_cosigned(NAME, bank.store) == (200, headers, whole)

    def test_the_time_of_a_line_is_its_clock(self, bank: Bank) -> None:
        _, _, lines = bank.ask(TREE, 0)
        for line in read_note(b"-\n\n" + lines).lines:
            assert int.from_bytes(line.signature[:8], "big") == MOMENT

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"old 0\n",
            b"old +0\n\n" + note(TREE, 9, a_signer()).encode(),
            b"old 0\nAAAA\n\n" + note(TREE, 9, a_signer()).encode(),
            b"old 0\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + note(TREE, 9, a_signer()).encode(),
            b"old 0\n\n" + b"x" * MAX_BODY,
            b"old 0\n\nlog\n01\n" + b"A" * 43 + b"=\n\n" + "— log AAAAAAAAAAA=\n".encode(),
        ],
    )
    def test_malformed_is_400(self, bank: Bank, body: bytes) -> None:
        assert bank.take(body)[0] == 400

    def test_an_unknown_log_is_404_before_its_signature_is_judged(self, bank: Bank) -> None:
        other = a_signer("log.other.example", bytes(32))
        assert bank.take(request(TREE, 0, signer=other))[0] == 404

    def test_a_wrong_or_foreign_signature_is_403(self, bank: Bank) -> None:
        forged = a_signer(ORIGIN, bytes(32))
        good = note(TREE, 9, bank.log)
        swapped = good.replace("\n9\n", "\n8\n")
        assert bank.take(request(TREE, 0, signer=forged))[0] == 403
        assert bank.take(write_request(0, [], swapped))[0] == 403

    def test_old_above_the_size_is_400(self, bank: Bank) -> None:
        bank.ask(TREE, 0)
        assert bank.take(write_request(9, [], note(TREE, 5, bank.log)))[0] == 400

    def test_an_empty_log_with_a_root_is_422(self, bank: Bank) -> None:
        head = Checkpoint(ORIGIN, 0, bytes(32))
        assert bank.take(write_request(0, [], bank.log.note(head.text)))[0] == 422
        head = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
        assert bank.take(write_request(0, [], bank.log.note(head.text)))[0] == 200

    @pytest.mark.parametrize("old", [0, 3])
    def test_another_old_size_is_409_and_says_ours(self, bank: Bank, old: int) -> None:
        bank.ask(TREE, 0, 5)

        assert bank.ask(TREE, old) == (409, {"Content-Type": "text/x.tlog.size"}, b"5\n")

    def test_a_proof_from_nothing_is_422(self, bank: Bank) -> None:
        assert bank.take(write_request(0, [bytes(32)], note(TREE, 9, bank.log)))[0] == 422

    @pytest.mark.promise("T4")
    @pytest.mark.parametrize("size", [5, 9])
    def test_another_history_is_422_and_kept_as_evidence(self, bank: Bank, size: int) -> None:
        bank.ask(TREE, 0, 5)
        fork = tree_of(9, "fork")

        for _ in range(2):
            assert bank.ask(fork, 5, size)[0] == 422

        kept = list(bank.folder.rglob("*.note"))
        assert [file.read_text(encoding="utf-8") for file in kept] == [note(fork, size, bank.log)]
        assert stored(bank) == 5

    def test_a_log_nobody_cosigned_is_404(self, bank: Bank) -> None:
        assert last_cosigned(NAME, bank.store)[0] == 404
        assert last_cosigned("../" + NAME, bank.store)[0] == 404

    def test_a_damaged_memory_signs_nothing(self, bank: Bank) -> None:
        bank.ask(TREE, 0, 5)
        (bank.folder / NAME / "head").write_bytes(b"rubbish")

        with pytest.raises(NoteError):
            bank.ask(TREE, 5)


def vkeys(bank: Bank) -> list[VKey]:
    return [one.vkey for one in bank.keys]


class TestApp:
    """The two addresses, as any WSGI server calls them."""

    def call(self, bank: Bank, method: str, path: str, body: bytes = b"", length: str = "") -> str:
        app = WitnessApp(bank.store, bank.witness())
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "CONTENT_LENGTH": length or str(len(body)),
            "wsgi.input": BytesIO(body),
        }
        said: list[str] = []
        told = app(environ, lambda status, _headers: said.append(status))
        self.answer = b"".join(told)
        return said[0]

    def test_a_head_is_taken_and_shown(self, bank: Bank) -> None:
        assert self.call(bank, "GET", f"/{NAME}/checkpoint") == "404 Not Found"
        assert self.call(bank, "POST", "/add-checkpoint", request(TREE, 0)) == "200 OK"
        lines = self.answer
        assert self.call(bank, "GET", f"/{NAME}/checkpoint") == "200 OK"
        assert self.answer.endswith(lines)

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/add-checkpoint", "405 Method Not Allowed"),
            ("POST", f"/{NAME}/checkpoint", "404 Not Found"),
            ("GET", "/", "404 Not Found"),
            ("GET", f"/{NAME.upper()}/checkpoint", "404 Not Found"),
        ],
    )
    def test_there_is_nothing_else(self, bank: Bank, method: str, path: str, status: str) -> None:
        assert self.call(bank, method, path) == status

    @pytest.mark.parametrize("length", ["", "-1", "x", "٣", "999999999"])
    def test_a_strange_or_great_length_is_400(self, bank: Bank, length: str) -> None:
        body = b"x" * (MAX_BODY + 9) if length.startswith("9") else b""
        assert self.call(bank, "POST", "/add-checkpoint", body, length) == "400 Bad Request"


class TestTwoForks:
    @pytest.mark.promise("T4")
    def test_shown_to_two_witnesses_are_caught_when_heads_are_compared(
        self, tmp_path: Path
    ) -> None:
        ours, fork = tree_of(8), tree_of(8)
        ours.extend([b"shown to one"] * 4)
        fork.extend([b"shown to the other"] * 9)
        one, other = Bank(tmp_path / "1"), Bank(tmp_path / "2")
        for bank, tree in ((one, ours), (other, fork)):
            assert bank.ask(tree, 0, 8)[0] == 200
            assert bank.ask(tree, 8)[0] == 200

        known = verifier_of(one.log.vkey)
        heads = [
            open_checkpoint(last_cosigned(NAME, bank.store)[2], [known]).checkpoint
            for bank in (one, other)
        ]

        # Whatever proof the operator makes up, from either tree, it leads to one of the roots only.
        for tree in (ours, fork):
            proof = fork.consistency_proof(12) if tree is fork else ours.consistency_proof(8)
            with pytest.raises(ProofError):
                verify_consistency(12, 17, proof, heads[0].root, heads[1].root)
        # And neither witness takes the other's head.
        assert one.take(request(fork, 12))[0] == 422
        assert other.ask(ours, 0)[0] == 409


@pytest.mark.faults
class TestKilled:
    """K7: between the disk and the answer, and two at once."""

    @pytest.mark.parametrize("rounds", [10, pytest.param(500, marks=pytest.mark.nightly)])
    def test_between_persisting_and_answering_it_goes_on(self, bank: Bank, rounds: int) -> None:
        tree = tree_of(rounds + 1)
        for size in range(1, rounds + 1):
            child = os.fork()
            if child == 0:
                witness = bank.witness(lambda _step: os.kill(os.getpid(), signal.SIGKILL))
                add_checkpoint(request(tree, size - 1, size), bank.store, witness)
                os._exit(0)  # Never reached: it would answer.
            assert os.waitpid(child, 0)[1] == signal.SIGKILL

            # The log's retry with what it knows, then with what the witness says it holds.
            assert bank.ask(tree, size - 1, size)[::2] == (409, f"{size}\n".encode())
            assert bank.ask(tree, size, size)[0] == 200

    @pytest.mark.parametrize("rounds", [10, pytest.param(500, marks=pytest.mark.nightly)])
    def test_racing_forks_get_one_history(self, bank: Bank, rounds: int) -> None:
        history = [b"first"]
        bank.ask(grown(history), 0)
        for _ in range(rounds):
            answers: dict[int, int] = {}
            start = threading.Barrier(2)

            def ask(
                side: int,
                known: tuple[bytes, ...] = tuple(history),
                answers: dict[int, int] = answers,
                start: threading.Barrier = start,
            ) -> None:
                body = request(grown([*known, b"side %d" % side]), len(known))
                start.wait()
                answers[side] = bank.take(body)[0]

            threads = [threading.Thread(target=ask, args=(side,)) for side in (0, 1)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(answers.values()) == [200, 409]
            winner = next(side for side, status in answers.items() if status == 200)
            history.append(b"side %d" % winner)
            # The loser asks again from the size it was told, and is found out.
            other = grown([*history[:-1], b"side %d" % (1 - winner), b"more"])
            assert bank.ask(other, len(history))[0] == 422


def grown(entries: list[bytes]) -> Tree:
    tree = Tree()
    tree.extend(entries)
    return tree


class TestBodies:
    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(data=st.data())
    def test_any_bytes_get_an_answer_and_no_signature(self, data: st.DataObject) -> None:
        body = data.draw(st.one_of(st.binary(max_size=300), damaged(request(TREE, 3))))
        with TemporaryDirectory() as folder:
            status = Bank(Path(folder)).take(body)[0]
        # What the log did not sign reaches no disk; what it signed is judged by the old size.
        signed = read_note(note(TREE, 9, a_signer()).encode()).text.encode() in body
        assert status in ({400, 403, 404, 409} if signed else {400, 403, 404})

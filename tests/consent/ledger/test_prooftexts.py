"""Proof files: the worked example, and one spelling."""

import pytest

from consent.ledger.prooftext import ProofFormatError, read_proof, write_proof
from tests.consent.test_artefact import vector

EXAMPLE: str = vector("revocation_receipt")["proof"]


class TestReadProof:
    def test_the_worked_example_is_written_as_read(self) -> None:
        proof = read_proof(EXAMPLE)

        assert proof.index == 37
        assert len(proof.hashes) == 4
        assert write_proof(proof.index, proof.hashes, proof.note) == EXAMPLE

    def test_extra_is_allowed_and_means_nothing(self) -> None:
        assert read_proof(EXAMPLE.replace("\nindex", "\nextra YWdl\nindex")) == read_proof(EXAMPLE)

    def test_a_leaf_alone_needs_no_hashes(self) -> None:
        assert read_proof(write_proof(0, [], "note")).hashes == ()

    @pytest.mark.parametrize(
        "change",
        [
            ("@v1", "@v2"),
            ("index 37", "index +37"),
            ("index 37", "index 037"),
            ("index 37", "index ٣٧"),
            ("index 37", f"index {2**63}"),
            ("index 37", "Index 37"),
            ("index 37\n", ""),
            ("\nindex", "\nextra YWdl\nextra YWdl\nindex"),
            ("\nindex", "\nextra YWd\nindex"),
            ("RKQ=", "RKR="),
            ("RKQ=", "RK=="),
            ("\n", "\r\n"),
            ("\n\n", "\n"),
        ],
    )
    def test_another_form_is_refused(self, change: tuple[str, str]) -> None:
        with pytest.raises(ProofFormatError):
            read_proof(EXAMPLE.replace(*change))

    def test_too_many_hashes_or_bytes_are_refused(self) -> None:
        with pytest.raises(ProofFormatError):
            read_proof(write_proof(0, [bytes(32)] * 64, "note"))
        with pytest.raises(ProofFormatError):
            read_proof(EXAMPLE + "x" * 600_000)
        with pytest.raises(ProofFormatError):
            read_proof(EXAMPLE + "\udc80")

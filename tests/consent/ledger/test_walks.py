"""Proofs told step by step end where the verifier ends."""

import pytest

from consent.ledger.errors import ProofError
from consent.ledger.merkle import fold
from consent.ledger.walks import climb, compare
from tests.consent.ledger.witnesses import tree_of

SIZES = range(1, 34)
TREE = tree_of(33)


class TestClimb:
    @pytest.mark.parametrize("size", SIZES)
    def test_every_leaf_reaches_the_root(self, size: int) -> None:
        for index in range(size):
            leaf = TREE._node((0, index))
            steps = climb(index, size, leaf, TREE.inclusion_proof(index, size))

            assert (steps[-1].result if steps else leaf) == TREE.root(size)
            covered = {index, *(at for step in steps for at in range(*step.span))}
            assert covered == set(range(size))

    def test_a_proof_of_another_length_is_refused(self) -> None:
        with pytest.raises(ProofError):
            climb(0, 3, bytes(32), [bytes(32)])


class TestCompare:
    @pytest.mark.parametrize("new", SIZES)
    def test_the_old_parts_give_the_old_root_and_all_the_new_one(self, new: int) -> None:
        for old in range(1, new + 1):
            proof = TREE.consistency_proof(old, new)
            blocks = compare(old, new, proof, TREE.root(old), TREE.root(new))

            spans = [block.span for block in blocks]
            assert spans[0][0] == 0
            assert spans[-1][1] == new
            assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
            parts = [block.hash for block in blocks if block.in_old]
            assert fold(parts) == TREE.root(old)

    def test_a_proof_to_another_root_is_refused(self) -> None:
        with pytest.raises(ProofError):
            compare(3, 9, TREE.consistency_proof(3, 9), TREE.root(3), bytes(32))

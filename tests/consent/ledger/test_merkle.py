"""The tree against RFC 6962 vectors and the texts' own recursive definition."""

import random
from collections.abc import Callable

import pytest

from consent.ledger.errors import ProofError
from consent.ledger.merkle import (
    EMPTY_ROOT,
    Tree,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.consent.ledger.definition import mth, path, subproof

# The entries and roots every RFC 6962 implementation is tested with.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def entries(count: int) -> list[bytes]:
    return [at.to_bytes(4, "big") for at in range(count)]


def a_tree(count: int) -> Tree:
    tree = Tree()
    tree.extend(entries(count))
    return tree


def compare(limit: int) -> None:
    """Everything about all sizes up to ``limit``, made and verified."""
    whole, tree = entries(limit), a_tree(limit)
    roots = [mth(whole[:size]) for size in range(limit + 1)]
    for n in range(1, limit + 1):
        assert tree.root(n) == roots[n]
        for m in range(n):
            proof = tree.inclusion_proof(m, n)
            assert proof == path(m, whole[:n])
            verify_inclusion(m, n, leaf_hash(whole[m]), proof, roots[n])
        for m in range(1, n + 1):
            proof = tree.consistency_proof(m, n)
            assert proof == subproof(m, whole[:n], True)
            verify_consistency(m, n, proof, roots[m], roots[n])


class TestKnownAnswers:
    @pytest.mark.parametrize("size", range(1, 9))
    def test_roots_of_the_common_vectors(self, size: int) -> None:
        tree = Tree()
        tree.extend(ENTRIES[:size])

        assert tree.root().hex() == ROOTS[size - 1]

    def test_the_empty_tree(self) -> None:
        assert Tree().root() == EMPTY_ROOT
        assert EMPTY_ROOT.hex().startswith("e3b0c44298fc1c14")

    def test_proofs_of_the_example_with_seven_leaves(self) -> None:
        """RFC 9162 §2.1.5, with its names of nodes."""
        a, b, c, d, e, f, j = (leaf_hash(entry) for entry in entries(7))
        g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
        k, el = node_hash(g, h), node_hash(i, j)
        tree = a_tree(7)

        assert tree.root() == node_hash(k, el)
        assert tree.inclusion_proof(0) == [b, h, el]
        assert tree.inclusion_proof(3) == [c, g, el]
        assert tree.inclusion_proof(4) == [f, j, k]
        assert tree.inclusion_proof(6) == [i, k]
        assert tree.consistency_proof(3) == [c, d, g, el]
        assert tree.consistency_proof(4) == [el]
        assert tree.consistency_proof(6) == [i, j, k]


class TestTree:
    def test_all_proofs_up_to_64_are_those_of_the_definition(self) -> None:
        compare(64)

    @pytest.mark.nightly
    def test_all_proofs_up_to_200_are_those_of_the_definition(self) -> None:
        compare(200)

    @pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257])
    def test_one_by_one_is_all_at_once(self, size: int) -> None:
        tree = Tree()
        for at, entry in enumerate(entries(size)):
            assert tree.append(entry) == at

        assert tree.root() == a_tree(size).root() == mth(entries(size))

    def test_sizes_around_a_full_second_level(self) -> None:
        tree = a_tree(65_537)
        dice = random.Random(3)  # noqa: S311 - a fixed seed
        for size in (65_535, 65_536, 65_537):
            root = tree.root(size)
            for index in (0, 255, 65_534, dice.randrange(size)):
                leaf = leaf_hash(index.to_bytes(4, "big"))
                verify_inclusion(index, size, leaf, tree.inclusion_proof(index, size), root)
            for old in (1, 256, 65_535, dice.randrange(1, size)):
                proof = tree.consistency_proof(old, size)
                verify_consistency(old, size, proof, tree.root(old), root)

    @pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0), (0, 9), (2, 1)])
    def test_what_is_not_there_has_no_proof(self, index: int, size: int) -> None:
        with pytest.raises(ProofError):
            a_tree(5).inclusion_proof(index, size)


def flips(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(8 * len(data))
    changed = bytearray(data)
    changed[at // 8] ^= 1 << at % 8
    return bytes(changed)


def refused(check: Callable[[], None]) -> bool:
    try:
        check()
    except ProofError:
        return True
    return False


class TestVerifyInclusion:
    def test_every_flipped_bit_is_refused(self) -> None:
        tree = a_tree(11)
        leaf, root, proof = leaf_hash(entries(11)[7]), tree.root(), tree.inclusion_proof(7)
        parts = [leaf, root, *proof]
        for at in range(8 * 32 * len(parts)):
            changed = [bytearray(part) for part in parts]
            changed[at // 256][at % 256 // 8] ^= 1 << at % 8
            a_leaf, a_root, *a_proof = [bytes(part) for part in changed]
            assert refused(lambda: verify_inclusion(7, 11, a_leaf, a_proof, a_root))  # noqa: B023

    @pytest.mark.parametrize("size", [1, 2, 7, 8, 200])
    def test_another_index_size_or_length_is_refused(self, size: int) -> None:
        tree = a_tree(size)
        index = size - 1
        leaf, root, proof = (
            leaf_hash(entries(size)[index]),
            tree.root(),
            (tree.inclusion_proof(index)),
        )
        wrong = [
            (index + 1, size, proof),
            (index - 1, size, proof),
            (size, size, proof),
            (index, size, [*proof, root]),
            (index, size, proof[:-1] if proof else [root]),
            (index, size, [*proof[:-1], root[:31]]),
            (index, 0, proof),
            (index, 2**63, proof),
        ]
        for at, of, hashes in wrong:
            with pytest.raises(ProofError):
                verify_inclusion(at, of, leaf, hashes, root)


class TestVerifyConsistency:
    def test_flipped_bits_are_refused(self) -> None:
        dice = random.Random(5)  # noqa: S311 - a fixed seed
        tree = a_tree(100)
        for _ in range(400):
            old = dice.randrange(1, 100)
            proof = tree.consistency_proof(old)
            parts = [tree.root(old), tree.root(), *proof]
            at = dice.randrange(len(parts))
            parts[at] = flips(parts[at], dice)
            with pytest.raises(ProofError):
                verify_consistency(old, 100, parts[2:], parts[0], parts[1])

    def test_from_nothing_proves_nothing(self) -> None:
        tree = a_tree(3)

        with pytest.raises(ProofError):
            verify_consistency(0, 3, [], EMPTY_ROOT, tree.root())

    def test_equal_sizes_need_equal_roots_and_no_proof(self) -> None:
        root = a_tree(3).root()

        verify_consistency(3, 3, [], root, root)
        for proof, other in (([], EMPTY_ROOT), ([root], root)):
            with pytest.raises(ProofError):
                verify_consistency(3, 3, proof, root, other)

    @pytest.mark.parametrize(("old", "new"), [(4, 3), (-1, 3), (3, 2**63)])
    def test_impossible_sizes_are_refused(self, old: int, new: int) -> None:
        root = a_tree(3).root()

        with pytest.raises(ProofError):
            verify_consistency(old, new, [], root, root)

    def test_lengths_are_exact(self) -> None:
        tree = a_tree(9)
        for old in range(1, 9):
            proof = tree.consistency_proof(old)
            for wrong in (proof[:-1], [*proof, tree.root()]):
                with pytest.raises(ProofError):
                    verify_consistency(old, 9, wrong, tree.root(old), tree.root())

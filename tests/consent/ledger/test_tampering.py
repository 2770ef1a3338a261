"""An operator with the real key rewrites the log: whoever kept an earlier head or receipt sees it.

Files are all a checker ever gets, so the rewritten log is made whole again: new tiles, new roots,
new signatures with the log's own key.
"""

import random
from collections.abc import Callable

import pytest

from consent.ledger.bundles import verify_bundle
from consent.ledger.checkpoint import Checkpoint
from consent.ledger.folders import verify_folder
from consent.ledger.policy import policy_of
from tests.consent.ledger.builders import a_leaf, a_signer, bodies, files_of, head_of

SIZE = 300
POSITIONS = 200
POLICY = policy_of(str(a_signer().vkey))
HONEST = bodies(SIZE)

Rewrite = Callable[[list[bytes], int], list[bytes]]


def change(entries: list[bytes], at: int) -> list[bytes]:
    return [*entries[:at], a_leaf().body(), *entries[at + 1 :]]


def delete(entries: list[bytes], at: int) -> list[bytes]:
    return entries[:at] + entries[at + 1 :]


def swap(entries: list[bytes], at: int) -> list[bytes]:
    other = at + 1 if at + 1 < len(entries) else at - 1
    changed = list(entries)
    changed[at], changed[other] = changed[other], changed[at]
    return changed


def renumber(entries: list[bytes], at: int) -> list[bytes]:
    """The same leaves, one put in between: all behind it get other numbers."""
    return [*entries[:at], a_leaf().body(), *entries[at:]]


def cut(entries: list[bytes], at: int) -> list[bytes]:
    return entries[:at]


REWRITES: list[Rewrite] = [change, delete, swap, renumber, cut]


def positions(count: int) -> list[int]:
    dice = random.Random(20_260_305)  # noqa: S311 - a fixed seed
    return [dice.randrange(1, SIZE) for _ in range(count)]


def code_of(entries: list[bytes], old: Checkpoint) -> str | None:
    return verify_folder(files_of(entries).get, POLICY, old).code


@pytest.mark.promise("T4")
class TestRewriting:
    @pytest.mark.parametrize("rewrite", REWRITES)
    def test_a_keeper_of_a_head_sees_every_rewriting(self, rewrite: Rewrite) -> None:
        # A fifth of the positions each: 200 in all.
        where = positions(POSITIONS)[REWRITES.index(rewrite) :: len(REWRITES)]
        head = head_of(HONEST)
        seen = [code_of(rewrite(HONEST, at), head) for at in where]

        assert len(where) == POSITIONS // len(REWRITES)
        assert seen == ["proof.consistency"] * len(where)

    @pytest.mark.parametrize("rewrite", REWRITES)
    def test_going_on_after_it_does_not_hide_it(self, rewrite: Rewrite) -> None:
        head = head_of(HONEST)
        more = [a_leaf().body() for _ in range(20)]
        for at in positions(5):
            assert code_of(rewrite(HONEST, at) + more, head) == "proof.consistency"

    def test_any_earlier_head_behind_the_place_sees_it(self) -> None:
        for at in positions(10):
            forged = change(HONEST, at)
            for size in (at + 1, SIZE):
                assert code_of(forged, head_of(HONEST[:size])) == "proof.consistency"

    def test_only_keepers_of_heads_notice(self) -> None:
        """Honest about the limit: without an earlier head a whole rewriting looks fine."""
        forged = change(HONEST, 7)

        assert verify_folder(files_of(forged).get, POLICY).ok
        assert code_of(forged, head_of(HONEST[:7])) is None

    def test_an_honest_log_is_never_refused(self) -> None:
        for size in (1, 2, 100, 256, 299, 300):
            assert code_of(HONEST, head_of(HONEST[:size])) is None

    def test_an_unsigned_rewriting_is_refused_by_everybody(self) -> None:
        stranger = files_of(HONEST, a_signer(seed=bytes(32)))

        assert verify_folder(stranger.get, POLICY).code == "note.signature"

    def test_no_bundle_is_read_as_a_log(self) -> None:
        assert verify_bundle(files_of(HONEST)["checkpoint"], POLICY).code == "delivery.format"

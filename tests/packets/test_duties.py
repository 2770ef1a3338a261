"""What a bank owes for its copies: every state against every act, dates, holds, erasure."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from consent.service import EventType, ReceiptType
from tests.packets.builders import Story, a_story
from tests.pulls.builders import log_of, revoke
from yidaitong.authorizations.queries import receipt_of
from yidaitong.kernel.actor import SYSTEM, Actor, Realm
from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto.errors import JoseError, SignatureInvalidError
from yidaitong.kernel.crypto.keys import PrivateKey, generate
from yidaitong.kernel.crypto.models import Dek
from yidaitong.kernel.crypto.uses import DekKind
from yidaitong.kernel.errors import (
    DataGoneError,
    ForbiddenError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.oversight.invariants.running import check_all
from yidaitong.packets import acking, attesting, disputing, holding, lapsing, withdrawing
from yidaitong.packets.attesting import Erasure, Method
from yidaitong.packets.lifecycle import (
    COPY_LIFECYCLE,
    PACKET_LIFECYCLE,
    CopyState,
    Fault,
    HoldBasis,
    PacketState,
    after,
    copy_after,
)
from yidaitong.packets.models import ErasureAttestation, Packet, PacketCopy
from yidaitong.pulls.models import PullSlot
from yidaitong.runtime import Runtime

COPY_EVENTS = [event for event in EventType if event.value.startswith("copy.")]
PACKET_EVENTS = [event for event in EventType if event.value.startswith("packet.")]
EVIDENCE = "A" * 43
EVERYTHING = frozenset({"packet.read", "copy.attest", "copy.hold", "copy.reject", "packet.resolve"})


@dataclass(frozen=True)
class Held:
    """One fetched packet and its parties."""

    story: Story
    packet_id: UUID

    @property
    def bank(self) -> Actor:
        return replace(self.story.case.banker, permissions=EVERYTHING)

    @property
    def official(self) -> Actor:
        return replace(self.bank, realm=Realm.GOV, org_id="centre")

    def copy(self) -> PacketCopy:
        with self.story.runtime.transaction(SYSTEM) as uow:
            return uow.session.get_one(PacketCopy, self.packet_id)

    def packet(self) -> Packet:
        with self.story.runtime.transaction(SYSTEM) as uow:
            return uow.session.get_one(Packet, self.packet_id)

    def log(self) -> list[str]:
        with self.story.runtime.transaction(SYSTEM) as uow:
            return log_of(uow, self.story.case.chain_id)

    def tick(self) -> int:
        with self.story.runtime.transaction(SYSTEM) as uow:
            return lapsing.lapse_due(uow)

    def due_in(self, left: timedelta) -> bool:
        with self.story.runtime.transaction(SYSTEM) as uow:
            uow.session.execute(update(PacketCopy).values(erase_due_at=uow.now + left))
        return True

    def statement(self, *digests: str) -> str:
        said = Erasure(
            packets=digests or (self.copy().packet_sha256,),
            method=Method.OVERWRITE,
            operator="ops-7",
            at=wall(),
        )
        return attesting.statement(PrivateKey.read(self.story.ack), self.story.bank_id, said)

    def erase(self, text: str | None = None) -> None:
        text = text or self.statement()
        with self.story.runtime.transaction(self.bank) as uow:
            attesting.attest(uow, text)

    def hold(self, days: int = 30) -> None:
        wanted = holding.Hold(
            basis=HoldBasis.AML,
            scope="loan file",
            until_at=wall() + timedelta(days=days),
            evidence_sha256=EVIDENCE,
        )
        with self.story.runtime.transaction(self.bank) as uow:
            holding.hold(uow, self.packet_id, wanted)

    def lift(self) -> None:
        with self.story.runtime.transaction(self.bank) as uow:
            holding.lift(uow, self.packet_id)

    def revoke(self) -> None:
        revoke(self.story.runtime, self.story.case)
        with self.story.runtime.transaction(SYSTEM) as uow:
            withdrawing.withdraw(uow, self.story.case.chain_id)

    def data_key_lives(self) -> bool:
        with self.story.runtime.transaction(SYSTEM) as uow:
            query = select(Dek.wrapped).where(
                Dek.kind == DekKind.DATA, Dek.owner_id == self.story.case.chain_id
            )
            return uow.session.scalars(query).one() is not None


@pytest.fixture
def held(runtime: Runtime) -> Held:
    story = a_story(runtime)
    packet_id = story.sealed()
    story.fetch(packet_id)
    return Held(story, packet_id)


class TestTables:
    @pytest.mark.parametrize("state", [None, *CopyState])
    @pytest.mark.parametrize("event", COPY_EVENTS)
    def test_every_pair_of_a_copy(self, state: CopyState | None, event: EventType) -> None:
        if (state, event) in COPY_LIFECYCLE:
            assert copy_after(state, event) is COPY_LIFECYCLE[state, event]
        else:
            with pytest.raises(InvalidStateError):
                copy_after(state, event)

    @pytest.mark.parametrize("state", list(PacketState))
    @pytest.mark.parametrize("event", PACKET_EVENTS)
    def test_every_pair_of_a_packet(self, state: PacketState, event: EventType) -> None:
        if (state, event) in PACKET_LIFECYCLE:
            assert after(state, event) is PACKET_LIFECYCLE[state, event]
        else:
            with pytest.raises(InvalidStateError):
                after(state, event)

    def test_erased_is_the_end(self) -> None:
        assert not [pair for pair in COPY_LIFECYCLE if pair[0] is CopyState.ERASED]


# What leads to each state, and which acts work there.
WAYS: dict[CopyState, Callable[[Held], object]] = {
    CopyState.HELD: lambda _held: None,
    CopyState.ERASE_DUE: lambda held: (held.due_in(timedelta(days=6)), held.tick()),
    CopyState.ERASE_OVERDUE: lambda held: (held.due_in(timedelta()), held.tick()),
    CopyState.ERASED: lambda held: held.erase(),
    CopyState.LEGAL_HOLD: lambda held: held.hold(),
}
ACTS: dict[str, tuple[Callable[[Held], object], set[CopyState], CopyState]] = {
    "erase": (
        lambda held: held.erase(),
        {CopyState.HELD, CopyState.ERASE_DUE, CopyState.ERASE_OVERDUE},
        CopyState.ERASED,
    ),
    "hold": (
        lambda held: held.hold(),
        set(CopyState) - {CopyState.ERASED},
        CopyState.LEGAL_HOLD,
    ),
    "lift": (lambda held: held.lift(), {CopyState.LEGAL_HOLD}, CopyState.ERASE_DUE),
}


class TestActs:
    @pytest.mark.parametrize("state", list(CopyState))
    def test_each_works_where_the_table_says(self, held: Held, state: CopyState) -> None:
        """The acts of people in one state; each is tried and undone by a roll-back."""
        WAYS[state](held)
        assert held.copy().state is state
        refused = [name for name, (_, states, _) in ACTS.items() if state not in states]
        before = (held.copy().n, held.log())
        for name in refused:
            with pytest.raises(InvalidStateError):
                ACTS[name][0](held)
        assert (held.copy().n, held.log()) == before
        allowed = [name for name in ACTS if name not in refused]
        if allowed:
            act, _, result = ACTS[allowed[0]]
            act(held)
            assert held.copy().state is result


class TestErasing:
    def test_a_signed_list_ends_the_duty_and_gives_a_receipt(self, held: Held) -> None:
        text = held.statement()
        for _ in range(2):
            held.erase(text)

        assert held.copy().state is CopyState.ERASED
        assert held.log()[-2:] == ["copy.erased", "key.destroyed"]
        with held.story.runtime.transaction(held.story.case.firm.rep) as uow:
            told = receipt_of(uow, held.story.case.chain_id, ReceiptType.ERASURE)
            assert uow.session.scalars(select(ErasureAttestation)).all() == []
        assert told["opening"]["event"]["packet_sha256"] == held.copy().packet_sha256
        assert told["opening"]["event"]["late"] is False
        with pytest.raises(DataGoneError):
            held.story.fetch(held.packet_id)

    def test_what_the_clock_did_comes_first(self, held: Held) -> None:
        held.due_in(timedelta())
        held.erase()

        assert held.log()[-4:] == ["copy.erase_due", "copy.overdue", "copy.erased", "key.destroyed"]
        with held.story.runtime.transaction(SYSTEM) as uow:
            told = receipt_of(uow, held.story.case.chain_id, ReceiptType.ERASURE)
        assert told["opening"]["event"]["late"] is True

    def test_another_key_another_bank_and_unknown_packets_change_nothing(self, held: Held) -> None:
        digest = held.copy().packet_sha256
        said = Erasure(packets=(digest,), method=Method.PHYSICAL, operator="x", at=wall())
        stranger = PrivateKey.read(generate("Ed25519"))
        own = PrivateKey.read(held.story.ack)
        tries = (
            (attesting.statement(stranger, held.story.bank_id, said), SignatureInvalidError),
            (attesting.statement(own, "bank-other", said), InvalidRequestError),
            (held.statement(digest, "B" * 43), NotFoundError),
            (held.statement(digest, digest), InvalidRequestError),
            ("a.b.c", JoseError),
        )
        for text, error in tries:
            with pytest.raises(error):
                held.erase(text)
        assert held.copy().state is CopyState.HELD
        with (
            held.story.runtime.transaction(replace(held.bank, permissions=frozenset())) as uow,
            pytest.raises(ForbiddenError),
        ):
            attesting.attest(uow, held.statement())

    def test_two_lists_at_once_are_one_erasure(self, held: Held) -> None:
        texts = [held.statement(), held.statement()]
        ready = threading.Barrier(2)
        outcomes: list[str] = []

        def run(text: str) -> None:
            ready.wait()
            try:
                held.erase(text)
                outcomes.append("erased")
            except InvalidStateError:
                outcomes.append("refused")

        threads = [threading.Thread(target=run, args=(text,)) for text in texts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert held.log().count("copy.erased") == 1
        # Both were signed in the same millisecond: then they are one list, and twice is once.
        assert outcomes.count("refused") == int(texts[0] != texts[1])


class TestHolding:
    @pytest.mark.promise("I16")
    def test_a_hold_outlives_a_revocation_and_its_end_destroys(self, held: Held) -> None:
        held.hold()
        held.revoke()

        assert held.data_key_lives()
        assert held.copy().state is CopyState.LEGAL_HOLD
        with held.story.runtime.transaction(SYSTEM) as uow:
            assert [one.id for one in check_all(uow) if not one.ok] == []
        with pytest.raises(DataGoneError):
            held.story.fetch(held.packet_id)

        held.lift()
        assert not held.data_key_lives()
        assert held.copy().state is CopyState.ERASE_DUE
        with held.story.runtime.transaction(SYSTEM) as uow:
            told = receipt_of(uow, held.story.case.chain_id, ReceiptType.REVOKE)["revocation"]
        assert [one["state"] for one in told["erase"]] == ["ERASE_DUE"]

    def test_it_ends_by_its_own_date(self, held: Held) -> None:
        held.hold()
        with held.story.runtime.transaction(SYSTEM) as uow:
            past = uow.now - timedelta(hours=1)
            uow.session.execute(update(PacketCopy).values(hold_until_at=past))
        held.tick()

        copy = held.copy()
        assert (copy.state, copy.erase_due_at) == (CopyState.ERASE_DUE, past + timedelta(days=7))

    def test_the_regulator_may_reject_the_basis(self, held: Held) -> None:
        held.hold()
        with held.story.runtime.transaction(held.official) as uow:
            holding.reject(uow, held.packet_id)

        assert held.copy().state is CopyState.ERASE_DUE
        assert held.log()[-1] == "copy.hold_lifted"

    @pytest.mark.parametrize("days", [-1, 0, 3661])
    def test_a_time_that_cannot_be_is_refused(self, held: Held, days: int) -> None:
        with pytest.raises(InvalidRequestError):
            held.hold(days)
        assert held.copy().state is CopyState.HELD


class TestDates:
    def test_a_revocation_moves_the_date_of_what_was_due_already(self, held: Held) -> None:
        held.due_in(timedelta(days=6, hours=23))
        held.tick()
        first = held.copy().erase_due_at
        with held.story.runtime.transaction(SYSTEM) as uow:
            later = uow.now + timedelta(days=20)
            uow.session.execute(update(PacketCopy).values(erase_due_at=later))
        held.revoke()

        copy = held.copy()
        assert copy.state is CopyState.ERASE_DUE
        assert copy.erase_due_at < later
        assert copy.use_ended_at is not None
        assert first is not None
        n = copy.n
        with held.story.runtime.transaction(SYSTEM) as uow:
            withdrawing.withdraw(uow, held.story.case.chain_id)
        assert held.copy().n == n

    def test_after_its_date_a_copy_is_not_fetched_again(self, held: Held) -> None:
        held.due_in(timedelta())

        with pytest.raises(DataGoneError):
            held.story.fetch(held.packet_id)


class TestDisputes:
    @pytest.mark.parametrize(("fault", "left"), [(Fault.PLATFORM, 0), (Fault.BANK, 2)])
    def test_our_fault_gives_the_calls_back(self, held: Held, fault: Fault, left: int) -> None:
        key = PrivateKey.read(held.story.ack)
        digest = held.copy().packet_sha256
        rx = acking.receipt(key, held.packet_id, digest, wall(), "jwe.key")
        with held.story.runtime.transaction(held.bank) as uow:
            acking.acknowledge(uow, held.packet_id, rx)
        assert held.packet().state is PacketState.DISPUTED
        with held.story.runtime.transaction(held.bank) as uow, pytest.raises(ForbiddenError):
            disputing.resolve(uow, held.packet_id, fault)
        with held.story.runtime.transaction(held.official) as uow:
            disputing.resolve(uow, held.packet_id, fault)

        assert "packet.dispute_resolved" in held.log()
        with held.story.runtime.transaction(SYSTEM) as uow:
            slots = uow.session.scalars(select(PullSlot)).all()
        assert bool(slots) is bool(left)
        with held.story.runtime.transaction(held.official) as uow, pytest.raises(InvalidStateError):
            disputing.resolve(uow, held.packet_id, fault)

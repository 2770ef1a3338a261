"""A collected pull with really signed answers, a bank with keys, and its packet step by step."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from consent.ledger.policy import policy_of
from tests.authorizations.builders import OFFER
from tests.pulls.builders import Case, a_committed_case, a_pull, silence
from yidaitong.authorizations.offers import Offer
from yidaitong.banks.models import (
    AgreementState,
    Bank,
    BankAgreement,
    BankKey,
    KeyPurpose,
    KeyState,
)
from yidaitong.departments import forms
from yidaitong.departments.verifying import check
from yidaitong.departments.wire import Envelope, Fetched, Order
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import business_date, wall
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, generate, public_of
from yidaitong.packets import fetching, releasing, sealing
from yidaitong.packets.opening import platform_keys
from yidaitong.packets.verify import Trust
from yidaitong.pulls import closing, dispatching, recording
from yidaitong.runtime import Runtime
from yidaitong.sandbox.answering import read_request, reply_to
from yidaitong.sandbox.keys import AnswerKeys, ensure, pins_path

ITEMS = frozenset(
    {
        "reg.status",
        "reg.age_months",
        "tax.paid_12m_fen",
        "court.dishonest_open",
        "util.ele_own_acct",
    }
)
OFFERED = replace(OFFER, items=ITEMS)
Twist = Callable[[Order, Envelope], Envelope | None]


def as_it_is(_order: Order, envelope: Envelope) -> Envelope:
    return envelope


@dataclass(frozen=True, kw_only=True)
class Story:
    """One consent with its departments and its bank's private keys."""

    runtime: Runtime
    case: Case
    departments: AnswerKeys
    enc: dict[str, str]
    ack: dict[str, str]

    @property
    def bank_id(self) -> str:
        return self.case.banker.bank_id

    def trust(self, **changes: Any) -> Trust:
        """What the bank pinned beforehand."""
        with self.runtime.transaction(SYSTEM) as uow:
            keys = platform_keys(uow)
        members: dict[str, Any] = {
            "key": PrivateKey.read(self.enc, use="enc"),
            "audience": self.bank_id,
            "keys": keys,
            "policy": policy_of(ledger.vkey(self.runtime)),
            **changes,
        }
        return Trust(**members)

    def collect(self, twist: Twist = as_it_is, key: str = "key-1") -> UUID:
        """Ask every department; ``twist`` may change an answer, or give None for silence."""
        pull = a_pull(self.runtime, self.case, key)
        with self.runtime.transaction(SYSTEM) as uow:
            lines = dispatching.open_lines(uow, pull.id)
        for line_id in lines:
            with self.runtime.transaction(SYSTEM) as uow:
                order = dispatching.claim(uow, line_id)
                assert order is not None
                recording.record(uow, order, self.answer(order, twist))
        with self.runtime.transaction(SYSTEM) as uow:
            assert closing.close(uow, pull.id) is None
        return pull.id

    def answer(self, order: Order, twist: Twist) -> Fetched:
        now = wall()
        envelope = twist(order, reply_to(read_request(order.body, order.resource), now))
        if envelope is None:
            return silence(retryable=False)
        text = forms.sign(envelope, partial(self.departments.sign, order.department))
        with self.runtime.transaction(SYSTEM) as uow:
            keys = platform_keys(uow).owned_by(order.department)
        found = check(order, text.encode(), keys, now)
        return Fetched(answer=found, problem=None, retryable=False, started_at=now, ended_at=wall())

    def release(self, pull_id: UUID) -> UUID:
        with self.runtime.transaction(SYSTEM) as uow:
            packet_id = releasing.release(uow, pull_id)
        assert packet_id is not None
        return packet_id

    def seal(self, packet_id: UUID) -> bool:
        with self.runtime.transaction(SYSTEM) as uow:
            return sealing.seal(uow, packet_id)

    def sealed(self, twist: Twist = as_it_is, key: str = "key-1") -> UUID:
        """A packet that may be fetched."""
        packet_id = self.release(self.collect(twist, key))
        ledger.step(self.runtime)
        assert self.seal(packet_id)
        return packet_id

    def fetch(self, packet_id: UUID) -> fetching.SealedPacket:
        with self.runtime.transaction(self.case.banker) as uow:
            return fetching.fetch(uow, packet_id)


def a_story(
    runtime: Runtime,
    offer: Offer = OFFERED,
    curve: str = "X25519",
    application_id: UUID | None = None,
) -> Story:
    ledger.init(runtime)
    departments = ensure(runtime.settings.home)
    pins = pins_path(runtime.settings.home).read_bytes()
    runtime.settings.gateway_keys_file.write_bytes(pins)
    case = a_committed_case(runtime, offer, application_id)
    enc, ack = generate(curve, use="enc"), generate("Ed25519")
    a_bank(runtime, case.banker.bank_id, enc, ack)
    return Story(runtime=runtime, case=case, departments=departments, enc=enc, ack=ack)


def a_bank(runtime: Runtime, bank_id: str, enc: dict[str, str], ack: dict[str, str]) -> None:
    """An accredited bank with one key to seal to and one to sign receipts with."""
    with runtime.transaction(SYSTEM) as uow:
        bank = Bank(
            id=bank_id, name_zh="示例", name_en="Example", contact="-", registered_at=uow.now
        )
        uow.session.merge(bank)  # Somebody may have pinned a key of it already.
        uow.session.flush()
        today = business_date(uow.now)
        agreement = BankAgreement(
            bank_id=bank_id,
            state=AgreementState.ACTIVE,
            starts_on=today,
            ends_on=today + timedelta(days=300),
            maker_person_id=None,
            made_at=uow.now,
        )
        keys = [
            BankKey(
                bank_id=bank_id,
                kid=jwk["kid"],
                use=use,
                jwk=public_of(jwk),
                state=KeyState.ACTIVE,
                maker_person_id=None,
                proposed_at=uow.now,
            )
            for use, jwk in ((KeyPurpose.ENC, enc), (KeyPurpose.ACK, ack))
        ]
        uow.session.add_all([agreement, *keys])


def only(keys: KeySet, *owners: str) -> KeySet:
    """The keys of some owners alone."""
    return KeySet.of(*(key for key in keys.values() if key.owner in owners))

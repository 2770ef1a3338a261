"""Keys of others change: signed by the old key, taken over by two persons, known to the log."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from consent.evidence import open_event
from consent.models import EventRow
from tests.kernel.crypto.pairs import needs_sm2
from tests.lending.builders import a_banker
from tests.packets.builders import Story, a_story
from tests.packets.test_reconciling import ONE
from yidaitong.accounts.roles import permissions_of
from yidaitong.authorizations.desk import desk_of
from yidaitong.banks.models import ApiClient, BankKey, ClientState, KeyPurpose, KeyState
from yidaitong.departments import pins
from yidaitong.kernel.actor import SYSTEM, Actor, AuthLevel, Realm
from yidaitong.kernel.clock import iso_ms, wall
from yidaitong.kernel.crypto.errors import SuiteUnavailableError
from yidaitong.kernel.crypto.keys import PrivateKey, generate
from yidaitong.kernel.crypto.statements import KeyChange, Plan, write_bundle
from yidaitong.kernel.errors import (
    ConflictError,
    ForbiddenError,
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.packets import acking, keychanges
from yidaitong.packets.keychanges import ProposeStatement
from yidaitong.packets.models import KeyStatement, Packet
from yidaitong.packets.verify import verify
from yidaitong.runtime import Runtime

pytestmark = pytest.mark.promise("T22")


def an_official(role: str) -> Actor:
    return Actor(
        realm=Realm.GOV,
        org_id="centre",
        person_id=uuid7(),
        roles=frozenset({role}),
        permissions=permissions_of([role]),
        auth_level=AuthLevel.SESSION,
    )


OFFICER, CHECKER = an_official("centre_officer"), an_official("centre_checker")


@pytest.fixture
def story(runtime: Runtime) -> Story:
    return a_story(runtime, ONE)


def bundle_of(story: Story, *new: dict[str, str], **changes: Any) -> str:
    """What the bank's people send: signed by the key receipts are signed with."""
    plan = Plan(
        owner=story.bank_id, retire=(story.enc["kid"],), from_at=iso_ms(wall()), reason="YEARLY"
    )
    return write_bundle(PrivateKey.read(story.ack), new, replace(plan, **changes))


def put(story: Story, bundle: str, who: Actor = OFFICER, owner: str | None = None) -> KeyStatement:
    with story.runtime.transaction(who) as uow:
        command = ProposeStatement(owner=owner or story.bank_id, bundle=bundle)
        return keychanges.propose(uow, command)


def take(story: Story, row: KeyStatement, who: Actor = CHECKER) -> KeyChange:
    with story.runtime.transaction(who) as uow:
        return keychanges.confirm(uow, row.id)


class TestBank:
    def test_packets_go_to_the_new_key_from_then_on(self, story: Story) -> None:
        before = story.sealed(key="one")
        enc, ack = generate("X25519"), generate("Ed25519")
        retire = (story.enc["kid"], story.ack["kid"])
        take(story, put(story, bundle_of(story, enc, ack, retire=retire)))

        after = story.sealed(key="two")

        old = story.fetch(before)
        assert verify(old.jwe, story.trust()).ok
        new = story.fetch(after)
        assert verify(new.jwe, story.trust(key=PrivateKey.read(enc))).ok
        assert verify(new.jwe, story.trust()).code == "jwe.key"
        rx = acking.receipt(PrivateKey.read(ack), after, new.packet_sha256, wall())
        with story.runtime.transaction(story.case.banker) as uow:
            acking.acknowledge(uow, after, rx)
            assert uow.session.get_one(Packet, after).acked_at is not None

    def test_the_log_says_when_and_by_which_statement(self, story: Story) -> None:
        enc = generate("X25519")
        row = put(story, bundle_of(story, enc))
        take(story, row)

        with story.runtime.transaction(SYSTEM) as uow:
            (event,) = uow.session.scalars(select(EventRow).where(EventRow.type == "keys.changed"))
            told = open_event(desk_of(uow), event).event
            keys = uow.session.scalars(select(BankKey).where(BankKey.use == KeyPurpose.ENC)).all()
        assert (told["owner"], told["added"]) == (story.bank_id, [enc["kid"]])
        assert told["retired"] == [story.enc["kid"]]
        assert told["statement_sha256"] == row.sha256
        states = {key.kid: key.state for key in keys}
        assert states == {enc["kid"]: KeyState.ACTIVE, story.enc["kid"]: KeyState.RETIRED}

    def test_a_machine_follows_the_key_it_signed_with(self, story: Story) -> None:
        first, second, other = (generate("Ed25519", ydt_use="msg") for _ in range(3))
        take(story, put(story, bundle_of(story, first, other, retire=())))
        with story.runtime.transaction(SYSTEM) as uow:
            for name, jwk in (("core", first), ("other", other)):
                uow.session.add(
                    ApiClient(
                        bank_id=story.bank_id,
                        name=name,
                        permissions=["packet.fetch"],
                        kid=jwk["kid"],
                        state=ClientState.ACTIVE,
                        maker_person_id=None,
                        proposed_at=uow.now,
                    )
                )

        take(story, put(story, bundle_of(story, second, retire=(first["kid"],))))

        with story.runtime.transaction(SYSTEM) as uow:
            kids = {one.name: one.kid for one in uow.session.scalars(select(ApiClient))}
        assert kids == {"core": second["kid"], "other": other["kid"]}

    def test_two_natural_persons(self, story: Story) -> None:
        row = put(story, bundle_of(story, generate("X25519")))

        with pytest.raises(FourEyesError):
            take(story, row, replace(CHECKER, person_id=OFFICER.person_id))
        with pytest.raises(ForbiddenError):
            take(story, row, OFFICER)
        take(story, row)
        with pytest.raises(InvalidStateError):
            take(story, row)

    def test_a_bank_speaks_for_itself_alone(self, story: Story) -> None:
        own, other = (a_banker("bank_product", one) for one in (story.bank_id, "bank-other"))
        bundle = bundle_of(story, generate("X25519"))

        with pytest.raises(NotFoundError):
            put(story, bundle, other)
        put(story, bundle, own)
        with pytest.raises(ConflictError):
            put(story, bundle, OFFICER)

    def test_nobody_pinned_says_nothing(self, story: Story) -> None:
        stranger = generate("Ed25519", ydt_owner=story.bank_id)
        told = json.loads(bundle_of(replace(story, ack=stranger), generate("X25519")))

        with pytest.raises(InvalidRequestError):
            put(story, json.dumps(told))
        with pytest.raises(InvalidRequestError):
            put(story, bundle_of(story, generate("X25519")), owner="bank-nobody")

    def test_a_key_revoked_meanwhile_no_longer_counts(self, story: Story) -> None:
        row = put(story, bundle_of(story, generate("X25519")))
        with story.runtime.transaction(SYSTEM) as uow:
            key = uow.session.scalars(select(BankKey).where(BankKey.kid == story.ack["kid"])).one()
            key.state = KeyState.REVOKED

        with pytest.raises(InvalidRequestError):
            take(story, row)

    def test_the_key_before_leaves_though_nobody_said_so(self, story: Story) -> None:
        enc = generate("X25519")
        take(story, put(story, bundle_of(story, enc, retire=())))

        report = verify(story.fetch(story.sealed()).jwe, story.trust(key=PrivateKey.read(enc)))
        assert report.ok, report.checks

    def test_one_key_to_seal_to_and_no_more(self, story: Story) -> None:
        with pytest.raises(InvalidRequestError):
            put(story, bundle_of(story, generate("X25519"), generate("X25519")))

    @pytest.mark.parametrize("state", [KeyState.RETIRED, KeyState.REVOKED, KeyState.PROPOSED])
    def test_a_key_that_was_known_before_is_no_new_one(self, story: Story, state: KeyState) -> None:
        with story.runtime.transaction(SYSTEM) as uow:
            key = uow.session.scalars(select(BankKey).where(BankKey.kid == story.enc["kid"])).one()
            key.state = state

        with pytest.raises(ConflictError):
            put(story, bundle_of(story, story.enc, retire=()))

    def test_two_statements_with_one_key(self, story: Story) -> None:
        enc = generate("X25519")
        first, second = (put(story, bundle_of(story, enc, reason=one)) for one in "AB")
        take(story, first)

        with pytest.raises((ConflictError, InvalidRequestError)):
            take(story, second)

    @needs_sm2
    def test_a_suite_that_is_not_used_here(self, story: Story) -> None:
        with pytest.raises(SuiteUnavailableError):
            put(story, bundle_of(story, generate("SM2", use="enc")))

    def test_it_takes_effect_when_it_says(self, story: Story) -> None:
        later = iso_ms(wall().replace(year=wall().year + 1))
        row = put(story, bundle_of(story, generate("X25519"), from_at=later))

        with pytest.raises(InvalidStateError):
            take(story, row)


class TestDepartment:
    def test_its_new_key_answers_and_old_answers_stay_good(self, story: Story) -> None:
        before = story.fetch(story.sealed(key="one"))
        old, new = story.departments.keys["SAMR"], generate("Ed25519", ydt_owner="SAMR")
        plan = Plan(owner="SAMR", retire=(old.kid,), from_at=iso_ms(wall()), reason="YEARLY")
        row = put(story, write_bundle(old, [new], plan), owner="SAMR")
        change = take(story, row)
        file = story.runtime.settings.gateway_keys_file

        pins.take_over(file, change)
        pins.take_over(file, change)

        keys = {**story.departments.keys, "SAMR": PrivateKey.read(new)}
        fresh = replace(story, departments=replace(story.departments, keys=keys))
        after = fresh.fetch(fresh.sealed(key="two"))
        for sealed in (before, after):
            report = verify(sealed.jwe, story.trust())
            assert report.ok, report.checks
        in_force = pins.Pins(file).keys_of("SAMR", wall())
        assert set(in_force) == {new["kid"]}
        # The file was lost after the log knew: the same change can be written again.
        with story.runtime.transaction(CHECKER) as uow:
            assert keychanges.again(uow, row.id) == change

    def test_another_department_cannot_speak_for_it(self, story: Story) -> None:
        tax, new = story.departments.keys["TAX"], generate("Ed25519", ydt_owner="SAMR")
        plan = Plan(owner="SAMR", retire=(), from_at=iso_ms(wall()), reason="YEARLY")

        with pytest.raises(InvalidRequestError):
            put(story, write_bundle(tax, [new], plan), owner="SAMR")

    def test_a_key_of_another_department_or_to_seal_to(self, story: Story) -> None:
        samr, tax = (json.loads(file.read_text()) for file in self._files(story))
        plan = Plan(owner="SAMR", retire=(), from_at=iso_ms(wall()), reason="YEARLY")
        old = PrivateKey.read(samr)

        with pytest.raises(ConflictError):
            put(story, write_bundle(old, [tax], plan), owner="SAMR")
        with pytest.raises(InvalidRequestError):
            put(story, write_bundle(old, [generate("X25519")], plan), owner="SAMR")

    def _files(self, story: Story) -> list[Path]:
        folder = story.runtime.settings.home / "sandbox"
        return [folder / f"{code}.jwk.json" for code in ("SAMR", "TAX")]

    def test_a_bank_proposes_none(self, story: Story) -> None:
        with pytest.raises(ForbiddenError):
            put(story, "{}", a_banker("bank_product", story.bank_id), owner="SAMR")

"""A packet in the suite its bank chose, from the pinned key to the offline check."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from consent.encoding import b64u, b64u_decode
from consent.evidence import leaf_of, open_event, opening_matches
from consent.ledger.folders import read_from, verify_folder
from consent.ledger.leaves import parse_leaf
from consent.ledger.policy import policy_of
from consent.models import EventRow
from consent.service import EventType
from tests.banks.test_banks import CHECKER, accredited
from tests.kernel.crypto.pairs import needs_sm2
from tests.packets.builders import Story, a_story
from tests.packets.offline import Bench
from tests.products.people import QILU, a_banker
from yidaitong.authorizations.desk import desk_of
from yidaitong.banks import keys as bank_keys
from yidaitong.banks.commands import ProposeKey
from yidaitong.banks.models import KeyPurpose
from yidaitong.jobs import exporting, ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto import suites
from yidaitong.kernel.crypto.errors import SuiteUnavailableError
from yidaitong.kernel.crypto.keys import generate, public_of
from yidaitong.kernel.crypto.models import Dek
from yidaitong.kernel.crypto.uses import DekKind, Place
from yidaitong.kernel.settings import SettingsError, load_settings
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.models import Packet
from yidaitong.packets.verify import verify
from yidaitong.packets.verifying import CANNOT_DECIDE, VERIFIED, Files, verify_files
from yidaitong.runtime import Runtime
from yidaitong.web.problems import status_of

SM = suites.of("sm")
REQUIRED = {
    "YDT_DATABASE_URL": "postgresql://x/y",
    "YDT_REDIS_URL": "redis://x",
    "YDT_SECRET_KEY": "s" * 40,
    "YDT_KEK": "00" * 32,
}


Allowing = Callable[..., Runtime]


@pytest.fixture
def allowing(runtime: Runtime) -> Iterator[Allowing]:
    """Another process on the same database, with another policy of suites."""
    made: list[Runtime] = []

    def one(*allowed: str) -> Runtime:
        made.append(Runtime(replace(runtime.settings, suites=allowed)))
        return made[-1]

    yield one
    for other in made:
        other.close()


@pytest.fixture
def story(allowing: Allowing) -> Story:
    """A bank with an SM2 key, where both suites are allowed and our own is intl."""
    return a_story(allowing("intl", "sm"), curve="SM2")


@needs_sm2
class TestRoundTrip:
    def test_issued_sealed_fetched_verified(self, story: Story, tmp_path: Path) -> None:
        sealed = story.fetch(story.sealed())
        report = verify(sealed.jwe, story.trust())

        assert report.as_json()["code"] is None, report.checks
        assert report.packet is not None
        packet = report.packet
        header = json.loads(b64u_decode(packet.text.split(".")[0]))
        assert header["alg"] == next(iter(SM.reads(header["alg"]))) != "EdDSA"
        leaf = parse_leaf(b64u_decode(json.loads(packet.plaintext)["leaf"]))
        assert leaf.suite == "sm"
        assert leaf.public["packet_sm3"] == b64u(SM.digest(packet.text.encode()))
        assert _files(story, sealed.jwe, tmp_path)[1] == VERIFIED

    def test_the_command_verifies_it_offline_and_says_where_it_cannot(
        self, story: Story, tmp_path: Path
    ) -> None:
        files, _ = _files(story, story.fetch(story.sealed()).jwe, tmp_path)
        good, lacking = _command(files), _command(files, YDT_LIBCRYPTO="/nowhere/libcrypto.so.3")

        assert (good.returncode, json.loads(good.stdout)["ok"]) == (0, True)
        assert lacking.returncode == CANNOT_DECIDE
        assert "suite sm is not available" in lacking.stdout

    def test_an_sm_packet_is_not_forwarded_to_a_key_of_intl(self, story: Story) -> None:
        """Who pinned SM2 is sent nothing else, and a key of intl takes nothing of sm."""
        made = Bench(crypt="X25519", suite="sm")
        report = verify(made.make().text, made.trust())

        assert (report.code, report.ok) == ("jws.key", False)

    def test_our_own_leaves_stay_in_our_suite(self, story: Story) -> None:
        story.sealed()
        with story.runtime.transaction(SYSTEM) as uow:
            desk = desk_of(uow, job="test")
            for row in uow.session.scalars(select(EventRow)):
                leaf = parse_leaf(leaf_of(desk, row))
                issued = row.type == EventType.PACKET_ISSUED.value
                assert leaf.suite == ("sm" if issued else "intl")
                mac = suites.of(leaf.suite).mac
                assert opening_matches(open_event(desk, row), leaf.commit, mac)

    def test_a_policy_that_was_narrowed_releases_nothing(
        self, story: Story, allowing: Allowing
    ) -> None:
        pull_id = story.collect()
        narrowed = replace(story, runtime=allowing("intl"))

        with pytest.raises(SuiteUnavailableError, match="YDT_SUITES"):
            narrowed.release(pull_id)


@needs_sm2
class TestDefault:
    def test_what_was_sealed_before_still_opens(self, runtime: Runtime, allowing: Allowing) -> None:
        before = a_story(runtime)
        old = before.sealed()
        now = replace(before, runtime=allowing("sm", "intl"))

        assert verify(now.fetch(old).jwe, now.trust()).ok

    def test_everything_of_ours_in_sm(self, allowing: Allowing, tmp_path: Path) -> None:
        """Leaves, artefact, receipts, data keys; the auditor reads such a log as any other."""
        story = a_story(allowing("sm", "intl"), curve="SM2")
        report = verify(story.fetch(story.sealed()).jwe, story.trust())

        assert report.code is None, report.checks
        assert report.packet is not None
        assert report.packet.artefact.suite == "sm"
        exporting.export_to(story.runtime, tmp_path)
        policy = policy_of(ledger.vkey(story.runtime))
        assert verify_folder(read_from(tmp_path), policy).ok
        with story.runtime.transaction(SYSTEM) as uow:
            texts = [row.sealed for row in uow.session.scalars(select(EventRow))]
            assert {one[:1] for one in texts} == {SM.byte}
            assert set(uow.session.scalars(select(Dek.suite))) == {2}
            row = uow.session.scalars(select(Packet)).one()
            assert row.jwe is not None
            assert (row.content[:1], row.jwe[:1]) == (SM.byte, SM.byte)

    def test_both_in_one_database(self, runtime: Runtime, allowing: Allowing) -> None:
        sm = allowing("sm", "intl")
        sealed = {}
        for place, made in ((_place(1), runtime), (_place(2), sm)):
            with made.transaction(SYSTEM) as uow:
                sealed[place] = uow.crypto.seal(uow.session, place, b"told")

        assert [one[:1] for one in sealed.values()] == [b"\x01", b"\x02"]
        for made in (allowing("intl"), sm):
            with made.transaction(SYSTEM) as uow:
                for place, one in sealed.items():
                    assert uow.crypto.open(uow.session, place, one) == b"told"
                    again = uow.crypto.seal(uow.session, place, b"again")
                    assert again[:17] == one[:17]  # A key goes on in its suite.


def _place(number: int) -> Place:
    name = UUID(int=number)
    return Place(kind=DekKind.RECORD, owner_id=name, table="t", column="c", row_id=name)


def _files(story: Story, sealed: str, folder: Path) -> tuple[Files, int]:
    with story.runtime.transaction(SYSTEM) as uow:
        ours = uow.crypto.public_jwks(uow.session)["keys"]
    theirs = json.loads(story.runtime.settings.gateway_keys_file.read_bytes())["keys"]
    told = {
        "packet": sealed,
        "key": json.dumps({**story.enc, "ydt_owner": story.bank_id}),
        "keys": json.dumps({"keys": [*ours, *theirs]}),
        "vkey": ledger.vkey(story.runtime),
    }
    for name, content in told.items():
        (folder / name).write_text(content)
    files = Files(
        packet=folder / "packet",
        key=folder / "key",
        keys=folder / "keys",
        vkey=folder / "vkey",
    )
    return files, verify_files(files)[1]


def _command(files: Files, **variables: str) -> subprocess.CompletedProcess[str]:
    options = ["--key", files.key, "--keys", files.keys, "--vkey", files.vkey, "--json"]
    command = [sys.executable, "-m", "yidaitong.cli", "packet", "verify", files.packet, *options]
    return subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@needs_sm2
class TestOffline:
    def test_a_delivery_made_elsewhere(self) -> None:
        made = Bench(crypt="SM2", suite="sm")
        report = verify(made.make().text, made.trust())

        assert report.code is None, report.checks

    @pytest.mark.promise("T23")
    def test_every_changed_byte_of_the_outside(self) -> None:
        made = Bench(crypt="SM2", suite="sm")
        sealed, trust = made.make().text, made.trust()
        head = sealed.rindex(".", 0, 1_200)  # Header, wrapped key, nonce, and the text's start.
        places = [
            *range(head),
            *range(head, len(sealed), 401),
            *range(len(sealed) - 24, len(sealed)),
        ]
        for place in places:
            changed = bytearray(sealed.encode())
            changed[place] ^= 1
            assert not verify(changed.decode("latin-1"), trust).ok, place

    @pytest.mark.promise("T23")
    @pytest.mark.parametrize(
        "members",
        [{"suite": "intl"}, {"packet_sm3": "A" * 43}, {"packet_sm3": None}, {"commit": "A" * 43}],
        ids=lambda members: next(iter(members)),
    )
    def test_a_leaf_that_says_otherwise(self, members: dict[str, Any]) -> None:
        """The leaf's bytes are proved too; here already what it says is refused."""

        def change(delivery: dict[str, Any]) -> None:
            leaf = {**json.loads(b64u_decode(delivery["leaf"])), **members}
            kept = {name: value for name, value in leaf.items() if value is not None}
            told = json.dumps(kept, sort_keys=True, separators=(",", ":"))
            delivery["leaf"] = b64u(told.encode())

        made = Bench(crypt="SM2", suite="sm")
        report = verify(made.make(delivery=change).text, made.trust())

        assert report.code in {"leaf.format", "leaf.binding", "leaf.commitment"}


class TestPinning:
    @needs_sm2
    def test_two_persons_choose_the_suite_by_pinning_its_key(self, uow: UnitOfWork) -> None:
        uow.settings = replace(uow.settings, suites=("intl", "sm"))
        accredited(uow)
        jwk = public_of(generate("SM2", use="enc"))
        command = ProposeKey(bank_id=QILU, use=KeyPurpose.ENC, jwk=jwk)

        key = bank_keys.propose(uow.acting(a_banker("bank_product", QILU)), command)
        bank_keys.pin(uow.acting(CHECKER), key.id)

        assert bank_keys.suite_of(key) == "sm"

    def test_a_suite_that_is_not_allowed(self, uow: UnitOfWork) -> None:
        accredited(uow)
        sample = json.loads((Path(__file__).parents[1] / "vectors/sm/standards.json").read_text())[
            "sm2"
        ]
        jwk = {
            "kty": "EC",
            "crv": "SM2",
            "x": b64u(bytes.fromhex(sample["x"])),
            "y": b64u(bytes.fromhex(sample["y"])),
        }
        command = ProposeKey(bank_id=QILU, use=KeyPurpose.ENC, jwk=jwk)

        with pytest.raises(SuiteUnavailableError, match="YDT_SUITES"):
            bank_keys.propose(uow.acting(a_banker("bank_product", QILU)), command)


class TestRefusing:
    def test_the_api_answers_409_with_code_and_words(self) -> None:
        error = SuiteUnavailableError("sm", "no libcrypto")

        assert (status_of(error), error.code) == (409, "SuiteUnavailable")
        assert error.details == {"suite": "sm", "reason": "no libcrypto"}
        assert error.text.zh
        assert error.text.en

    @needs_sm2
    def test_keys_of_sm_are_read_where_sm_cannot_be_used(self, tmp_path: Path) -> None:
        """A key set that holds one more key does not stop a check of intl."""
        made = Bench()
        other = public_of(generate("SM2", use="sig", ydt_owner="platform", ydt_use="packet"))
        told = {
            "packet": made.make().text,
            "key": json.dumps(made.bank),
            "keys": json.dumps({"keys": [*made.jwks, other]}),
            "vkey": str(made.log.vkey),
        }
        for name, content in told.items():
            (tmp_path / name).write_text(content)
        files = Files(
            packet=tmp_path / "packet",
            key=tmp_path / "key",
            keys=tmp_path / "keys",
            vkey=tmp_path / "vkey",
        )

        assert _command(files, YDT_LIBCRYPTO="/nowhere/libcrypto.so.3").returncode == VERIFIED


class TestSettings:
    @pytest.mark.parametrize("told", ["", "rot13", "intl,intl", "intl,,"])
    def test_suites_there_are_not(self, told: str) -> None:
        with pytest.raises(SettingsError, match="YDT_SUITES"):
            load_settings({**REQUIRED, "YDT_SUITES": told})

    @needs_sm2
    def test_the_first_is_our_own(self) -> None:
        found = load_settings({**REQUIRED, "YDT_SUITES": "sm, intl"})

        assert (found.suites, found.suite) == (("sm", "intl"), "sm")

    def test_a_policy_this_computer_cannot_keep_is_refused_at_start(self) -> None:
        """And nothing else is: the same process goes on without sm."""
        code = (
            "import sys\n"
            "from yidaitong.kernel.settings import SettingsError, load_settings\n"
            f"required = {REQUIRED!r}\n"
            "print(load_settings({**required, 'YDT_SUITES': 'intl'}).suite)\n"
            "try:\n"
            "    load_settings({**required, 'YDT_SUITES': 'intl,sm'})\n"
            "except SettingsError as error:\n"
            "    print(error)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "YDT_LIBCRYPTO": "/nowhere/libcrypto.so.3", "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=True,
        )

        assert done.stdout.startswith("intl\nYDT_SUITES: suite sm is not available: ")
        assert "不能使用该密码套件" in done.stdout

"""What a narrowed answer shows: all that was consented to, its department's word, nothing more."""

import base64
import json
import re
import runpy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import yidaitong
from consent.artefact import ConsentArtefact
from consent.encoding import b64u, b64u_decode
from consent.events import sha256_b64u
from tests.packets.offline import AT, ITEMS, USCC, Bench, Made, a_result, an_artefact
from yidaitong.authorizations.scope import scope_of, whole_scope
from yidaitong.departments import forms, wire
from yidaitong.departments.answers import Outcome
from yidaitong.departments.definitions import AnswerForm
from yidaitong.departments.items import ITEMS as EVERY_ITEM
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.crypto import jws, sdjwt
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, generate
from yidaitong.packets.verify import CODES, Report, verify
from yidaitong.pulls.results import LineResult
from yidaitong.sandbox import data

SCRIPT = Path(yidaitong.__path__[0]) / "docs" / "verify_packet.py"
FOREIGN = runpy.run_path(str(SCRIPT))["_check"]
REG = "SAMR.REG"
CANARY = "canary-51f0c7"
SOURCES = sorted({item.resource for item in EVERY_ITEM.values() if item.resource is not None})


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="module")
def aged() -> ConsentArtefact:
    """A consent to the representative's age, too: a masked ID number comes beside it."""
    return consent_to(*ITEMS, "reg.legal_rep_age")


def consent_to(*items: str) -> ConsentArtefact:
    plain = an_artefact()
    days = (AT.date() - timedelta(days=1), AT.date() + timedelta(days=29))
    return replace(plain, datasets=whole_scope(scope_of(items, *days)))


def evidence_of(made: Made, resource: str = REG) -> dict[str, Any]:
    delivery = json.loads(made.plaintext)
    found: dict[str, Any] = next(one for one in delivery["evidence"] if one["resource"] == resource)
    return found


def everything_in(plaintext: bytes) -> bytes:
    """A delivery with every base64 text in it decoded, and what was inside those, once more."""
    found, fresh = b"", plaintext
    for _ in range(4):
        found += fresh
        words = re.findall(rb"[A-Za-z0-9_-]{8,}", fresh)
        fresh = b"\n".join(base64.urlsafe_b64decode(one + b"=" * (-len(one) % 4)) for one in words
                           if len(one) % 4 != 1)  # fmt: skip
    return found


def foreign_check(bench: Bench, made: Made) -> bool:
    """What the script that shares nothing with us says."""
    keys = {jwk["kid"]: jwk for jwk in bench.jwks}
    try:
        return bool(FOREIGN(json.loads(made.plaintext), keys, str(bench.log.vkey)))
    except (SystemExit, Exception):  # noqa: BLE001 - any way of saying no
        return False


def refused(report: Report, code: str) -> None:
    assert (report.ok, report.code) == (False, code), report.checks
    assert code in CODES


class TestShown:
    @pytest.mark.promise("T1")
    def test_the_age_travels_signed_and_the_number_behind_it_does_not(
        self, bench: Bench, aged: ConsentArtefact
    ) -> None:
        made = bench.make(artefact=aged)
        report = verify(made.text, bench.trust())
        whole = bench.answers[REG]

        assert report.ok, report.checks
        assert whole.answer_jws is not None
        answer = forms.reopen(whole.answer_jws).envelope
        number = str(answer.items["rep_id_masked"])
        entry = evidence_of(made)
        shown = forms.reopen(entry["answer"]).envelope
        assert (entry["kind"], entry["reason"]) == ("sd-jwt", None)
        assert "rep_age" in shown.items
        assert shown.items == {
            name: value for name, value in answer.items.items() if name != "rep_id_masked"
        }
        inside = everything_in(made.plaintext)
        assert b'"rep_age"' in inside
        assert number.encode() in everything_in(whole.answer_jws.encode())
        assert number.encode() not in inside
        assert b"rep_id_masked" not in inside

    def test_the_script_that_shares_nothing_with_us_agrees(
        self, bench: Bench, aged: ConsentArtefact
    ) -> None:
        assert foreign_check(bench, bench.make(artefact=aged))

    def test_both_hashes_are_what_they_say(self, bench: Bench, aged: ConsentArtefact) -> None:
        """Whoever holds the full answer, in a dispute, ties it to the packet in two ways."""
        made = bench.make(artefact=aged)
        packet = verify(made.text, bench.trust()).packet
        assert packet is not None
        entry = next(one for one in packet.body["resources"] if one["resource"] == REG)
        whole = bench.answers[REG].answer_jws
        assert whole is not None

        assert entry["answer_sha256"] == sha256_b64u(whole.encode())
        issued = sdjwt.issued_part(evidence_of(made)["answer"])
        assert entry["issued_sha256"] == sha256_b64u(issued.encode())
        assert sdjwt.issued_part(whole) == issued
        others = [one for one in packet.body["resources"] if one["resource"] != REG]
        assert not any("issued_sha256" in one for one in others)

    def test_the_hidden_part_fits_later_and_only_it(
        self, bench: Bench, aged: ConsentArtefact
    ) -> None:
        entry = evidence_of(bench.make(artefact=aged))
        whole = bench.answers[REG].answer_jws
        assert whole is not None
        keys = bench.trust().keys.owned_by("SAMR")
        hidden = set(whole.split("~")) - set(entry["answer"].split("~"))
        assert len(hidden) == 1

        (disclosure,) = hidden
        found = forms.verify(entry["answer"] + disclosure + "~", AnswerForm.SD_JWT, keys)
        assert found.envelope.items == forms.reopen(whole).envelope.items


def _shown(change: Callable[[list[str]], list[str]]) -> Callable[[dict[str, Any]], None]:
    """Change the parts of the narrowed answer: the signed one, disclosures, and the end."""

    def apply(delivery: dict[str, Any]) -> None:
        entry = next(one for one in delivery["evidence"] if one["resource"] == REG)
        entry["answer"] = "~".join(change(entry["answer"].split("~")))

    return apply


def _entry(**members: Any) -> Callable[[dict[str, Any]], None]:
    def apply(delivery: dict[str, Any]) -> None:
        next(one for one in delivery["evidence"] if one["resource"] == REG).update(members)

    return apply


def _name_in(part: str) -> str:
    """The name of the item a part discloses; none in the signed part and at the end."""
    return "" if "." in part or not part else str(json.loads(b64u_decode(part))[1])


def _changed(disclosure: str) -> str:
    salt, name, value = json.loads(b64u_decode(disclosure))
    return b64u(json.dumps([salt, name, [value]]).encode())


STRAY = b64u(json.dumps(["A" * 22, "size", "L"]).encode())
NARROWED: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "an item held back": (_shown(lambda parts: [parts[0], *parts[2:]]), "evidence.binding"),
    "all items held back": (_shown(lambda parts: [parts[0], ""]), "evidence.binding"),
    "an item made up": (_shown(lambda parts: [*parts[:-1], STRAY, ""]), "evidence.signature"),
    "an item twice": (
        _shown(lambda parts: [parts[0], parts[1], *parts[1:]]),
        "evidence.signature",
    ),
    "an item changed": (
        _shown(lambda parts: [parts[0], _changed(parts[1]), *parts[2:]]),
        "evidence.signature",
    ),
    "no end": (_shown(lambda parts: parts[:-1]), "evidence.signature"),
    "a proof of some holder": (
        _shown(lambda parts: [*parts[:-1], parts[0]]),
        "evidence.signature",
    ),
    "another signed part": (
        _shown(lambda parts: [parts[0][:-4] + "AAAA", *parts[1:]]),
        "evidence.hash",
    ),
    "letters of another alphabet": (_shown(lambda parts: [*parts, "济"]), "evidence.hash"),
    "withheld after all": (
        _entry(kind="withheld", answer=None, reason="BEYOND_CONSENT"),
        "evidence.binding",
    ),
    "said to be a plain answer": (_entry(kind="jws"), "evidence.binding"),
    "another hash": (_entry(answer_sha256="A" * 43), "evidence.hash"),
}


def _packet_entry(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], None]:
    def apply(body: dict[str, Any]) -> None:
        change(next(one for one in body["resources"] if one["resource"] == REG))

    return apply


def _other_value(entry: dict[str, Any]) -> None:
    entry["items"][0]["value"] = "9999-01-01"


SIGNED: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "another signed part named": (
        lambda entry: entry.update(issued_sha256="A" * 43),
        "evidence.hash",
    ),
    "no signed part named": (lambda entry: entry.pop("issued_sha256"), "evidence.binding"),
    "no hash at all": (lambda entry: entry.update(issued_sha256=None), "packet.schema"),
    "another value": (_other_value, "evidence.binding"),
    "an item not stated": (lambda entry: entry["items"].pop(), "evidence.binding"),
    "another full answer": (lambda entry: entry.update(answer_sha256="A" * 43), "evidence.hash"),
    "another question": (
        lambda entry: entry.update(request_sha256="A" * 43),
        "evidence.binding",
    ),
}


class TestRefused:
    @pytest.mark.promise("T23")
    @pytest.mark.parametrize("name", NARROWED)
    def test_a_delivery_that_shows_it_wrongly(
        self, bench: Bench, aged: ConsentArtefact, name: str
    ) -> None:
        change, code = NARROWED[name]
        made = bench.make(artefact=aged, delivery=change)

        refused(verify(made.text, bench.trust()), code)
        assert not foreign_check(bench, made) or code == "evidence.binding"

    @pytest.mark.parametrize("name", SIGNED)
    def test_a_packet_that_states_it_wrongly(
        self, bench: Bench, aged: ConsentArtefact, name: str
    ) -> None:
        change, code = SIGNED[name]

        refused(verify(bench.make(artefact=aged, packet=_packet_entry(change)).text,
                       bench.trust()), code)  # fmt: skip

    @pytest.mark.promise("T3")
    def test_an_item_the_packet_and_the_answer_leave_out_alike(
        self, bench: Bench, aged: ConsentArtefact
    ) -> None:
        """Everything else agrees: only the names the department signed say that it was given."""

        def unsaid(entry: dict[str, Any]) -> None:
            entry["items"] = [one for one in entry["items"] if one["name"] != "rep_age"]

        def unshown(parts: list[str]) -> list[str]:
            return [one for one in parts if "rep_age" not in _name_in(one)]

        made = bench.make(artefact=aged, packet=_packet_entry(unsaid), delivery=_shown(unshown))
        report = verify(made.text, bench.trust())

        refused(report, "evidence.binding")
        assert report.checks[-1]["detail"] == "an item held back"

    @pytest.mark.promise("T1")
    def test_more_than_was_consented_to(self, bench: Bench, aged: ConsentArtefact) -> None:
        """The department did sign the number behind the age; showing it is the breach."""
        whole = bench.make(artefact=aged) and bench.answers[REG].answer_jws
        made = bench.make(artefact=aged, delivery=_entry(answer=whole))

        refused(verify(made.text, bench.trust()), "evidence.binding")
        assert not foreign_check(bench, made)

    def test_somebody_elses_signature(self, bench: Bench, aged: ConsentArtefact) -> None:
        for key, code in (
            (PrivateKey.read(generate("Ed25519")), "evidence.key"),
            (bench.departments["TAX"], "evidence.key"),
        ):

            def resigned(lines: list[LineResult], key: PrivateKey = key) -> list[LineResult]:
                first, *rest = lines
                assert first.answer_jws is not None
                written = forms.write(forms.reopen(first.answer_jws).envelope)
                text = written.around(jws.sign(key, written.typ, written.payload))
                digest = sha256_b64u(text.encode())
                return [replace(first, answer_jws=text, answer_sha256=digest), *rest]

            made = bench.make(artefact=aged, lines=resigned)
            refused(verify(made.text, bench.trust()), code)
            assert not foreign_check(bench, made)

    def test_a_key_revoked_before(self, bench: Bench, aged: ConsentArtefact) -> None:
        told = {"ydt_revoked": "2026-03-02T01:20:04.118Z"}
        keys = [jwk | told if jwk["ydt_owner"] == "SAMR" else jwk for jwk in bench.jwks]
        pinned = KeySet.read(json.dumps({"keys": keys}))

        refused(verify(bench.make(artefact=aged).text, bench.trust(keys=pinned)), "evidence.key")

    def test_any_flipped_byte_of_what_is_shown(self, bench: Bench, aged: ConsentArtefact) -> None:
        size = len(evidence_of(bench.make(artefact=aged))["answer"])
        for place in range(0, size, 131):

            def flip(parts: list[str], place: int = place) -> list[str]:
                text = bytearray("~".join(parts).encode())
                text[place] ^= 1
                return text.decode().split("~")

            made = bench.make(artefact=aged, delivery=_shown(flip))
            assert not verify(made.text, bench.trust()).ok, place
            assert not foreign_check(bench, made), place


def overfull(bench: Bench, resource: str, form: AnswerForm, consented: set[str]) -> LineResult:
    """An answer that gives every field there is, those nobody consented to marked."""
    fields = frozenset(consented)
    _, as_of, items = data.answer(resource, USCC, AT.date(), None, fields=fields)
    spare = {one.name: CANARY for one in RESOURCES[resource].fields if one.name not in consented}
    envelope = wire.Envelope(
        resource=resource,
        subject_code=USCC,
        outcome=Outcome.DATA,
        as_of=as_of,
        produced_at=AT - timedelta(seconds=1),
        serial="S-1",
        items={**items, **spare},
        request_sha256=sha256_b64u(resource.encode()),
    )
    return a_result(envelope, bench.sign_answer(envelope, form))


class TestEveryResource:
    @pytest.mark.promise("T1")
    @pytest.mark.parametrize("resource", SOURCES)
    def test_only_fields_of_the_policys_items_are_anywhere_in_a_delivery(
        self, bench: Bench, resource: str
    ) -> None:
        items = [item.name for item in EVERY_ITEM.values() if item.resource == resource]
        granted = consent_to(*items[:1])
        consented = set(granted.datasets[0].fields)
        made = bench.make(artefact=granted, lines=lambda lines: lines)

        assert verify(made.text, bench.trust()).ok
        told = json.loads(b64u_decode(json.loads(made.plaintext)["packet"].split(".")[1]))
        entry = told["resources"][0]
        assert {one["name"] for one in entry["items"]} <= consented
        text = evidence_of(made, resource)["answer"]
        assert forms.reopen(text).envelope.items.keys() <= consented
        inside = everything_in(made.plaintext)
        others = {one.name for one in RESOURCES[resource].fields} - consented
        for name in others:
            assert f'"{name}":'.encode() not in _of_answers(inside, text), name

    @pytest.mark.promise("T1")
    @pytest.mark.parametrize("form", AnswerForm)
    @pytest.mark.parametrize("resource", SOURCES)
    def test_an_answer_that_gives_all_it_has_is_narrowed_or_stays_here(
        self, bench: Bench, resource: str, form: AnswerForm
    ) -> None:
        items = [item.name for item in EVERY_ITEM.values() if item.resource == resource]
        granted = consent_to(*items[:1])
        consented = set(granted.datasets[0].fields)
        line = overfull(bench, resource, form, consented)
        made = bench.make(artefact=granted, lines=lambda _lines: [line])

        report = verify(made.text, bench.trust())
        assert report.ok, report.checks
        assert foreign_check(bench, made)
        entry = evidence_of(made, resource)
        spare = {one.name for one in RESOURCES[resource].fields} - consented
        narrow = form is AnswerForm.SD_JWT
        wanted = "sd-jwt" if narrow else "withheld" if spare else "jws"
        assert entry["kind"] == wanted
        assert CANARY.encode() not in everything_in(made.plaintext)


def _of_answers(inside: bytes, text: str) -> bytes:
    """The part of a delivery a department wrote: its own signed text, decoded."""
    assert text.encode() in inside
    parts = [part for one in text.split("~") for part in one.split(".")[:2] if part]
    return b"\n".join(map(b64u_decode, parts))

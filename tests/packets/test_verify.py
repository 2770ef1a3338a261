"""The offline verifier: a hundred packets hold, and each thing made wrong has its own code."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from consent.artefact import write_at
from consent.encoding import b64u, b64u_decode
from tests.packets.offline import AT, Bench, an_artefact
from yidaitong.departments.answers import Outcome
from yidaitong.kernel.crypto import jwe, jws
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey, generate, public_of
from yidaitong.packets.deliveries import DELIVERY_CTY, DELIVERY_TYP
from yidaitong.packets.verify import CODES, Report, verify
from yidaitong.pulls.lifecycle import LineStatus
from yidaitong.pulls.results import LineResult


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


def sealed(bench: Bench, plaintext: bytes) -> str:
    key = PublicKey.read(public_of(bench.bank))
    return jwe.encrypt(key, plaintext, DELIVERY_TYP, DELIVERY_CTY)


def refused(report: Report, *codes: str) -> None:
    assert not report.ok
    assert report.packet is None
    assert report.code in codes, report.checks
    assert report.code in CODES


def _set(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        target: Any = body
        for name in path[:-1]:
            target = target[name]
        target[path[-1]] = value(target[path[-1]]) if callable(value) else value

    return change


class TestGoodPackets:
    def test_a_hundred_of_them(self, bench: Bench) -> None:
        trust = bench.trust()
        for seed in range(100):
            report = verify(bench.make(seed=seed).text, trust)
            assert report.ok, report.checks

    def test_a_p256_bank(self) -> None:
        bench = Bench("P-256")

        assert verify(bench.make().text, bench.trust()).ok

    def test_silent_departments(self, bench: Bench) -> None:
        def silent(lines: list[LineResult]) -> list[LineResult]:
            gone = replace(
                lines[-1], status=LineStatus.TIMEOUT, outcome=Outcome.UNAVAILABLE, as_of=None,
                produced_at=None, fetched_at=None, answer_sha256=None, answer_jws=None,
            )  # fmt: skip
            return [*lines[:-1], gone]

        report = verify(bench.make(lines=silent).text, bench.trust())

        assert report.ok, report.checks
        assert report.packet is not None
        assert report.packet.body["complete"] is False

    def test_the_report_names_the_place_in_the_log(self, bench: Bench) -> None:
        made = bench.make(seed=7)
        told = verify(made.text, bench.trust(expect_pull=made.pull_id)).as_json()

        assert (told["ok"], told["code"], told["packet_id"]) == (True, None, made.packet_id)
        assert told["index"] < told["size"]


PACKET: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "another audience": (_set("audience", value="bank-b"), "packet.audience"),
    "an unknown member": (_set("extra", value=1), "packet.schema"),
    "another version": (_set("v", value="ydt-packet/2"), "packet.schema"),
    "a float": (_set("derived", 0, "version", value=1.5), "packet.schema"),
    "value and why": (_set("derived", 0, "why", value="MISSING"), "packet.schema"),
    "another artefact": (
        _set("consent", "artefact_sha256", value="A" * 43),
        "consent.binding",
    ),
    "another purpose": (_set("purpose", value="POST_LOAN"), "consent.binding"),
    "another product": (_set("product", "product_id", value="X"), "consent.binding"),
    "another name": (_set("subject", "name", value="别人"), "consent.binding"),
    "another firm": (_set("subject", "uscc", value="91370199MA3XMPL000"), "consent.binding"),
    "kept for longer": (
        _set("erase_due_at", value="2027-03-02T01:20:04.118Z"),
        "consent.binding",
    ),
    "released after the end": (
        _set("issued_at", value="2026-05-02T01:20:04.118Z"),
        "consent.binding",
    ),
    "a resource left out": (_set("resources", value=lambda old: old[1:]), "manifest"),
    "a resource twice": (_set("resources", value=lambda old: [*old, old[0]]), "manifest"),
    "an item left out": (_set("derived", value=lambda old: old[1:]), "manifest"),
    "not complete": (_set("complete", value=False), "manifest"),
    "a silence with facts": (_set("resources", 0, "answer_sha256", value=None), "manifest"),
    "a value changed": (
        _set("resources", 0, "items", 0, "value", value="2"),
        "evidence.binding",
    ),
    "a raw text changed": (
        _set("resources", 0, "items", 0, "raw", value="2"),
        "evidence.binding",
    ),
    "a field left out": (
        _set("resources", 0, "items", value=lambda old: old[1:]),
        "evidence.binding",
    ),
    "a fresher date": (_set("resources", 0, "as_of", value="2026-03-02"), "evidence.binding"),
    "another question": (
        _set("resources", 0, "request_sha256", value="A" * 43),
        "evidence.binding",
    ),
    "another answer": (_set("resources", 0, "answer_sha256", value="A" * 43), "evidence.hash"),
    "a derived value changed": (_set("derived", 1, "value", value=1), "evidence.binding"),
}
DELIVERY: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "another version": (_set("v", value="ydt-delivery/2"), "delivery.format"),
    "evidence of no kind": (_set("evidence", 0, "kind", value="cose"), "delivery.format"),
    "too much evidence": (_set("evidence", value=lambda old: old * 64), "delivery.format"),
    "no leaf": (_set("leaf", value=b64u(b"{}")), "leaf.format"),
    "the consent's leaf": (lambda body: body.update(leaf=body["consent"]["leaf"]), "leaf.binding"),
    "another salt": (_set("opening", "salt", value=b64u(bytes(32))), "leaf.commitment"),
    "a short salt": (_set("opening", "salt", value="AAAA"), "leaf.commitment"),
    "another event": (_set("opening", "event", "reason", value="X"), "leaf.commitment"),
    "no proof": (_set("proof", value="c2sp.org/tlog-proof@v2\n"), "proof.format"),
    "another index": (
        _set("proof", value=lambda old: old.replace("\nindex ", "\nindex 1", 1)),
        "proof.inclusion",
    ),
    "the consent's proof": (
        lambda body: body.update(proof=body["consent"]["proof"]),
        "proof.inclusion",
    ),
    "another head": (_set("proof", value=lambda old: old[:-20] + "AAAA" + old[-16:]), "note"),
    "another artefact": (_set("consent", "artefact", value="a.b.c"), "consent.binding"),
    "evidence left out": (_set("evidence", value=lambda old: old[1:]), "evidence.hash"),
    "evidence swapped": (
        lambda body: body["evidence"][0].update(answer=body["evidence"][1]["answer"]),
        "evidence.hash",
    ),
}


class TestRefused:
    @pytest.mark.promise("T23")
    @pytest.mark.parametrize("name", PACKET)
    def test_a_packet_we_signed_wrongly(self, bench: Bench, name: str) -> None:
        change, code = PACKET[name]

        refused(verify(bench.make(packet=change).text, bench.trust()), code)

    @pytest.mark.parametrize("name", DELIVERY)
    def test_a_delivery_put_together_wrongly(self, bench: Bench, name: str) -> None:
        change, code = DELIVERY[name]
        report = verify(bench.make(delivery=change).text, bench.trust())

        refused(report, *(one for one in CODES if one.startswith(code)))

    def test_another_pull_than_the_log_says(self, bench: Bench) -> None:
        made = bench.make(event=_set("pull_id", value="01a210e1-58ce-701d-9e6f-8157cb77e621"))

        refused(verify(made.text, bench.trust()), "leaf.binding")

    def test_another_bank(self, bench: Bench) -> None:
        other = PrivateKey.read(generate("X25519"))

        refused(verify(bench.make().text, bench.trust(key=other)), "jwe.key")
        refused(verify(bench.make().text, bench.trust(audience="bank-b")), "packet.audience")

    def test_another_pull_and_a_second_time(self, bench: Bench) -> None:
        made = bench.make()

        refused(verify(made.text, bench.trust(expect_pull="another")), "packet.pull")
        seen = frozenset({made.packet_id})
        refused(verify(made.text, bench.trust(seen=seen)), "packet.replay")

    def test_another_log(self, bench: Bench) -> None:
        refused(
            verify(bench.make().text, bench.trust(policy=Bench().trust().policy)), "note.signature"
        )

    @pytest.mark.parametrize(("owner", "code"), [("platform", "jws.key"), ("TAX", "evidence.key")])
    def test_keys_nobody_pinned(self, bench: Bench, owner: str, code: str) -> None:
        keys = [jwk for jwk in bench.jwks if jwk["ydt_owner"] != owner]
        pinned = KeySet.read(json.dumps({"keys": keys}))

        refused(verify(bench.make().text, bench.trust(keys=pinned)), code)

    @pytest.mark.parametrize(("owner", "code"), [("platform", "jws.key"), ("TAX", "evidence.key")])
    @pytest.mark.promise("T22")
    def test_keys_revoked_before(self, bench: Bench, owner: str, code: str) -> None:
        def revoked(moment: str) -> KeySet:
            told = {"ydt_revoked": moment}
            keys = [jwk | told if jwk["ydt_owner"] == owner else jwk for jwk in bench.jwks]
            return KeySet.read(json.dumps({"keys": keys}))

        made = bench.make()

        early, late = "2026-03-02T01:20:04.118Z", "2026-03-02T01:20:04.119Z"
        refused(verify(made.text, bench.trust(keys=revoked(early))), code)
        assert verify(made.text, bench.trust(keys=revoked(late))).ok

    def test_a_key_of_another_use(self, bench: Bench) -> None:
        def swap(body: dict[str, Any]) -> None:
            payload = b64u_decode(body["packet"].split(".")[1])
            body["packet"] = jws.sign(bench.ours["receipt"], "ydt-packet+jws", payload)

        refused(verify(bench.make(delivery=swap).text, bench.trust()), "jws.key")

    def test_a_consent_that_had_not_begun(self, bench: Bench) -> None:
        late = replace(an_artefact(), starts_at=write_at(AT.replace(day=3)))

        refused(verify(bench.make(artefact=late).text, bench.trust()), "consent.binding")

    def test_a_consent_of_fewer_people_than_it_needs(self, bench: Bench) -> None:
        artefact = an_artefact()
        quorum = replace(artefact.mandate.quorum, m=2, n=2)
        two = replace(artefact, mandate=replace(artefact.mandate, quorum=quorum))

        refused(verify(bench.make(artefact=two).text, bench.trust()), "consent.signature")


class TestHostileBytes:
    @pytest.mark.promise("T14")
    @pytest.mark.parametrize(
        ("plaintext", "code"),
        [
            (b"", "delivery.format"),
            (b"\xff\xfe", "delivery.format"),
            (b"[" * 100_000, "delivery.format"),
            (b'{"v":' * 40 + b"1" + b"}" * 40, "delivery.format"),
            (b'{"v":"ydt-delivery/1","v":"ydt-delivery/1"}', "delivery.format"),
            (b'{"v":NaN}', "delivery.format"),
            (b'{"v":1e999}', "delivery.format"),
            (b'{"v":"\\ud800"}', "delivery.format"),
            (b'{"v":' + b"9" * 5000 + b"}", "delivery.format"),
            (b'{"a":"' + b"x" * 5_000_000 + b'"}', "delivery.format"),
        ],
        ids=["empty", "utf8", "deep", "deeper", "twice", "nan", "inf", "half", "digits", "big"],
    )
    def test_a_plaintext_that_is_no_delivery(
        self, bench: Bench, plaintext: bytes, code: str
    ) -> None:
        refused(verify(sealed(bench, plaintext), bench.trust()), code)

    def test_ten_megabytes_are_not_looked_at(self, bench: Bench) -> None:
        refused(verify("a" * 10_000_000, bench.trust()), "size")
        refused(verify(sealed(bench, b"x" * 10_000_000), bench.trust()), "size")

    @pytest.mark.parametrize("text", ["", "....", "a.b.c", "\u4e00" * 50, "e30.e30.e30.e30.e30"])
    def test_texts_that_are_no_packets(self, bench: Bench, text: str) -> None:
        refused(verify(text, bench.trust()), "jwe.format", "jwe.header")

    @pytest.mark.promise("T23")
    def test_any_flipped_byte_of_the_sealed_text(self, bench: Bench) -> None:
        text, trust = bench.make().text.encode(), bench.trust()
        places = random.Random(5).sample(range(len(text)), 60)  # noqa: S311 - a sample
        for place in (*range(0, 60, 7), *places):
            flipped = bytearray(text)
            flipped[place] ^= 1
            assert not verify(flipped.decode("latin-1"), trust).ok, place

    def test_any_flipped_byte_inside(self, bench: Bench) -> None:
        made, trust = bench.make(), bench.trust()
        places = random.Random(6).sample(range(len(made.plaintext)), 60)  # noqa: S311 - a sample
        for place in places:
            flipped = bytearray(made.plaintext)
            flipped[place] ^= 1
            assert not verify(sealed(bench, bytes(flipped)), trust).ok, place

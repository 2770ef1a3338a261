"""Packets open and verify with JOSE libraries that are not ours, and not with one byte changed."""

import json
import random
import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import yidaitong
from consent.encoding import b64u, b64u_decode
from tests.packets.builders import a_story
from tests.packets.foreign import LIBRARIES, Answer, Library
from tests.packets.offline import BANK, Bench
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto import jwe, jws
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, generate, public_of
from yidaitong.packets.deliveries import DELIVERY_CTY, DELIVERY_TYP
from yidaitong.packets.opening import platform_keys
from yidaitong.runtime import Runtime

SCRIPT = Path(yidaitong.__path__[0]) / "docs" / "open_packet.py"
SEED = 20180601
CURVES = ("X25519", "P-256")


@pytest.fixture(params=list(LIBRARIES))
def library(request: pytest.FixtureRequest) -> Library:
    return LIBRARIES[request.param]


def only(library: Library, **work: Any) -> Answer:
    (answer,) = library([work])
    return answer


def flipped(text: str, count: int) -> Iterator[str]:
    """``text`` with one byte of one part changed, for ``count`` places in every part."""
    draw = random.Random(SEED)  # noqa: S311 - a choice of places
    parts = [b64u_decode(part) for part in text.split(".")]
    for n, part in enumerate(parts):
        for place in sorted(draw.sample(range(len(part)), min(count, len(part)))):
            changed = bytearray(part)
            changed[place] ^= 1 << draw.randrange(8)
            whole = [*parts[:n], bytes(changed), *parts[n + 1 :]]
            yield ".".join(b64u(one) for one in whole)


def signer_of(keys: KeySet, text: str) -> Mapping[str, str]:
    return keys[json.loads(b64u_decode(text.split(".", maxsplit=1)[0]))["kid"]].jwk


class TestOfTheProduct:
    @pytest.mark.parametrize("curve", CURVES)
    def test_a_packet_of_the_running_product(
        self, runtime: Runtime, library: Library, curve: str
    ) -> None:
        story = a_story(runtime, curve=curve)
        text = story.fetch(story.sealed()).jwe
        with runtime.transaction(SYSTEM) as uow:
            keys = platform_keys(uow)

        opened = only(library, do="decrypt", text=text, key=story.enc)

        ours = jwe.decrypt(
            PrivateKey.read(story.enc, use="enc"), text, typ=DELIVERY_TYP, cty=DELIVERY_CTY
        )
        assert opened == {"ok": ours.decode()}
        delivery = json.loads(opened["ok"])
        signed = [delivery["packet"], delivery["consent"]["artefact"]]
        signed += [one["answer"] for one in delivery["evidence"] if one["kind"] == "jws"]
        assert len(signed) > 2
        work = [{"do": "verify", "text": one, "key": signer_of(keys, one)} for one in signed]
        for answer, one in zip(library(work), signed, strict=True):
            assert answer == {"ok": b64u_decode(one.split(".")[1]).decode()}


class TestOneByte:
    @pytest.mark.parametrize("curve", CURVES)
    def test_of_the_sealed_text(self, library: Library, curve: str) -> None:
        bench = Bench(curve)
        text = bench.make().text
        # The header is hashed as it stands: each of its bytes; of the rest a choice.
        changed = list(flipped(text, 250))

        answers = library([{"do": "decrypt", "text": one, "key": bench.bank} for one in changed])

        assert len(answers) > 500
        assert [answer for answer in answers if "ok" in answer] == []

    def test_of_a_signed_text(self, library: Library) -> None:
        bench = Bench()
        text = json.loads(bench.make().plaintext)["packet"]
        key = signer_of(KeySet.read(json.dumps({"keys": bench.jwks})), text)

        work = [{"do": "verify", "text": one, "key": key} for one in flipped(text, 200)]

        assert [answer for answer in library(work) if "ok" in answer] == []


class TestTheirs:
    @pytest.mark.parametrize("curve", CURVES)
    def test_ours_opens_what_they_seal(self, library: Library, curve: str) -> None:
        key = generate(curve, use="enc")
        public = {**public_of(key), "alg": "ECDH-ES+A256KW"}
        header = {
            "alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": key["kid"],
            "typ": DELIVERY_TYP, "cty": DELIVERY_CTY,
        }  # fmt: skip

        made = only(library, do="encrypt", payload="一贷通", key=public, header=header)["ok"]

        opened = jwe.decrypt(PrivateKey.read(key), made, typ=DELIVERY_TYP, cty=DELIVERY_CTY)
        assert opened.decode() == "一贷通"

    @pytest.mark.parametrize(("curve", "alg"), [("Ed25519", "EdDSA"), ("P-256", "ES256")])
    def test_ours_verifies_what_they_sign(self, library: Library, curve: str, alg: str) -> None:
        key = generate(curve, use="sig")
        header = {"alg": alg, "kid": key["kid"], "typ": "ydt-packet-rx+jws"}
        keys = KeySet.read(json.dumps({"keys": [public_of(key)]}))

        made = only(library, do="sign", payload="{}", key=key, header=header)["ok"]

        assert jws.verify(made, typ="ydt-packet-rx+jws", keys=keys).payload == b"{}"


class TestTheExample:
    def test_it_reads_a_packet_and_refuses_a_changed_one(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bench = Bench()
        made = bench.make()
        script = runpy.run_path(str(SCRIPT))
        files = {"key": json.dumps(bench.bank), "keys": json.dumps({"keys": bench.jwks})}
        for name, text in {**files, "packet": made.text}.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        paths = [str(tmp_path / name) for name in ("packet", "key", "keys")]

        script["main"](*paths, BANK)

        assert json.loads(capsys.readouterr().out)["packet_id"] == made.packet_id
        with pytest.raises(ValueError, match="another bank"):
            script["main"](*paths, "bank-b")
        (tmp_path / "packet").write_text(next(flipped(made.text, 1)), encoding="utf-8")
        with pytest.raises(Exception, match=r"."):
            script["main"](*paths, BANK)

    def test_it_is_short(self) -> None:
        assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) < 60

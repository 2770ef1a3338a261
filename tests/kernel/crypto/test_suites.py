"""Both suites behind one interface: known answers, one framing, no way between them."""

import json
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from consent.encoding import b64u, b64u_decode
from tests.kernel.crypto.pairs import (
    BOTH,
    CTY,
    INTL,
    PAYLOAD,
    SM,
    TYP,
    VECTORS,
    a_pair,
    needs_sm2,
)
from yidaitong.kernel.crypto import envelope, jwe, jws, sm2, suites
from yidaitong.kernel.crypto.errors import JoseError, SealBrokenError, SuiteUnavailableError
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey, generate, public_of
from yidaitong.kernel.crypto.libcrypto import LibraryMissingError, Once
from yidaitong.kernel.crypto.provider import Provider
from yidaitong.kernel.crypto.suites import sm
from yidaitong.kernel.crypto.uses import DekKind, Place


def _place() -> Place:
    return Place(kind=DekKind.DATA, owner_id=UUID(int=1), table="t", column="c", row_id=UUID(int=2))


class TestFraming:
    @pytest.mark.parametrize("suite", BOTH)
    @pytest.mark.parametrize("size", [0, 1_100_000])
    def test_signed_verifies_and_sealed_opens(self, suite: Provider, size: int) -> None:
        payload = b"x" * size
        private, public = a_pair(suite, "sig")
        ours, theirs = a_pair(suite, "enc")

        signed = jws.verify(jws.sign(private, TYP, payload), typ=TYP, keys=KeySet.of(public))
        sealed = jwe.encrypt(theirs, payload, TYP, CTY)

        assert signed.payload == payload
        assert jwe.decrypt(ours, sealed, typ=TYP, cty=CTY) == payload

    @pytest.mark.promise("T23")
    @pytest.mark.parametrize("suite", BOTH)
    def test_every_flipped_byte(self, suite: Provider) -> None:
        private, public = a_pair(suite, "sig")
        ours, theirs = a_pair(suite, "enc")
        signed = jws.sign(private, TYP, PAYLOAD)
        sealed = jwe.encrypt(theirs, PAYLOAD, TYP, CTY)

        for changed in _each_flipped(signed):
            with pytest.raises(JoseError):
                jws.verify(changed, typ=TYP, keys=KeySet.of(public))
        for changed in _each_flipped(sealed):
            with pytest.raises(JoseError):
                jwe.decrypt(ours, changed, typ=TYP, cty=CTY)

    @needs_sm2
    def test_headers_of_sm_name_uris_and_nothing_of_a_point(self) -> None:
        _, public = a_pair(SM, "enc")
        header = json.loads(b64u_decode(jwe.encrypt(public, PAYLOAD, TYP, CTY).split(".")[0]))

        members = {"alg": sm.WRAP, "enc": sm.ENC, "kid": public.kid, "typ": TYP, "cty": CTY}
        assert header == members


def _each_flipped(text: str) -> list[str]:
    found = []
    for place in range(len(text)):
        changed = bytearray(text.encode())
        changed[place] ^= 1
        found.append(changed.decode("latin-1"))
    return found


def _with_header(text: str, **changes: Any) -> str:
    head, dot, rest = text.partition(".")
    members = {**json.loads(b64u_decode(head)), **changes}
    kept = {name: value for name, value in members.items() if value is not None}
    return b64u(json.dumps(kept, separators=(",", ":")).encode()) + dot + rest


def _resigned(members: dict[str, Any], key: PrivateKey) -> str:
    """A good signature by ``key`` under any header."""
    told = f"{b64u(json.dumps(members).encode())}.{b64u(PAYLOAD)}"
    return f"{told}.{b64u(suites.of(key.suite).sign(key, told.encode()))}"


@needs_sm2
@pytest.mark.promise("T23")
class TestConfusion:
    """The key's record decides; a header of the other suite is refused, whoever signed it."""

    @pytest.mark.parametrize("alg", ["EdDSA", "Ed25519", "ES256", "none", "SM2", sm.WRAP, sm.ENC])
    def test_a_header_of_intl_with_a_key_of_sm(self, alg: str) -> None:
        private, public = a_pair(SM, "sig")
        text = _resigned({"alg": alg, "kid": private.kid, "typ": TYP}, private)

        _refused(lambda: jws.verify(text, typ=TYP, keys=KeySet.of(public)), "jws.header")

    @pytest.mark.parametrize("crv", ["Ed25519", "P-256"])
    def test_a_header_of_sm_with_a_key_of_intl(self, crv: str) -> None:
        jwk = generate(crv, use="sig")
        private, public = PrivateKey.read(jwk), PublicKey.read(public_of(jwk))
        text = _resigned({"alg": sm.SIGN, "kid": private.kid, "typ": TYP}, private)

        _refused(lambda: jws.verify(text, typ=TYP, keys=KeySet.of(public)), "jws.header")

    @pytest.mark.parametrize(("mine", "other"), [(INTL, SM), (SM, INTL)], ids=["to sm", "to intl"])
    def test_a_signature_of_one_suite_under_the_name_of_the_other(
        self, mine: Provider, other: Provider
    ) -> None:
        private, _ = a_pair(mine, "sig")
        _, public = a_pair(other, "sig")
        text = _resigned({"alg": public.alg, "kid": public.kid, "typ": TYP}, private)

        _refused(lambda: jws.verify(text, typ=TYP, keys=KeySet.of(public)), "jws.signature")

    @pytest.mark.parametrize(
        "member", ["crit", "zip", "jku", "jwk", "x5u", "x5c", "b64", "p2c", "epk", "suite"]
    )
    def test_members_beside_the_list(self, member: str) -> None:
        private, public = a_pair(SM, "sig")
        ours, theirs = a_pair(SM, "enc")
        told = {"alg": public.alg, "kid": public.kid, "typ": TYP, member: "x"}
        sealed = _with_header(jwe.encrypt(theirs, PAYLOAD, TYP, CTY), **{member: "x"})

        signed = _resigned(told, private)
        _refused(lambda: jws.verify(signed, typ=TYP, keys=KeySet.of(public)), "jws.header")
        _refused(lambda: jwe.decrypt(ours, sealed, typ=TYP, cty=CTY), "jwe.header")

    @pytest.mark.parametrize(
        "changes",
        [
            {"alg": "ECDH-ES+A256KW"},
            {"enc": "A256GCM"},
            {"enc": "A128GCM"},
            {"alg": "dir"},
            {"alg": sm.SIGN},
            {"alg": None},
        ],
    )
    def test_a_jwe_header_of_intl_with_a_key_of_sm(self, changes: dict[str, Any]) -> None:
        ours, theirs = a_pair(SM, "enc")
        text = _with_header(jwe.encrypt(theirs, PAYLOAD, TYP, CTY), **changes)

        _refused(lambda: jwe.decrypt(ours, text, typ=TYP, cty=CTY), "jwe.header")

    def test_a_jwe_header_of_sm_with_a_key_of_intl(self) -> None:
        ours, theirs = a_pair(INTL, "enc")
        good = jwe.encrypt(theirs, PAYLOAD, TYP, CTY)

        for changes in ({"alg": sm.WRAP}, {"enc": sm.ENC}, {"alg": sm.WRAP, "epk": None}):
            text = _with_header(good, **changes)
            with pytest.raises(JoseError, match="header"):
                jwe.decrypt(ours, text, typ=TYP, cty=CTY)

    @pytest.mark.parametrize("suite", BOTH)
    def test_a_content_key_of_another_text(self, suite: Provider) -> None:
        ours, theirs = a_pair(suite, "enc")
        one, two = (jwe.encrypt(theirs, PAYLOAD, TYP, CTY).split(".") for _ in range(2))
        one[1] = two[1]

        _refused(lambda: jwe.decrypt(ours, ".".join(one), typ=TYP, cty=CTY), "jwe.decrypt")

    def test_a_content_key_of_the_other_suite(self) -> None:
        ours, theirs = a_pair(SM, "enc")
        _, other = a_pair(INTL, "enc")
        mixed = jwe.encrypt(theirs, PAYLOAD, TYP, CTY).split(".")
        mixed[1] = jwe.encrypt(other, PAYLOAD, TYP, CTY).split(".")[1]

        _refused(lambda: jwe.decrypt(ours, ".".join(mixed), typ=TYP, cty=CTY), "jwe.decrypt")

    def test_the_byte_of_a_sealed_field_swapped(self) -> None:
        dek = UUID(int=3)
        for suite, other in ((INTL, SM), (SM, INTL)):
            key = bytes(range(suite.key_bytes))
            sealed = envelope.seal(key, dek, _place(), PAYLOAD, suite.suite)
            assert envelope.open_(key, _place(), sealed) == PAYLOAD

            for byte in (other.byte, b"\0", b"\x03", b"\xff"):
                for held in (key, key[:16].ljust(other.key_bytes, b"\0")):
                    with pytest.raises(SealBrokenError):
                        envelope.open_(held, _place(), byte + sealed[1:])

    def test_a_sealed_field_binds_the_name_of_its_suite(self) -> None:
        """Not only the cipher differs: a place of one suite is none of the other."""
        one, two = (envelope.aad(_place(), UUID(int=3), name) for name in ("intl", "sm"))

        assert (one[:6], two[:4]) == (b"\x00\x04intl", b"\x00\x02sm")

    def test_a_wrapped_data_key_of_another_id(self) -> None:
        kek, dek = bytes(32), bytes(range(16))
        wrapped = SM.wrap_dek(kek, b"1" * 16, dek)

        assert SM.unwrap_dek(kek, b"1" * 16, wrapped) == dek
        for change in ({"id": b"2" * 16}, {"kek": b"\1" * 32}, {"cut": wrapped[:-1]}):
            with pytest.raises(SealBrokenError):
                SM.unwrap_dek(
                    change.get("kek", kek), change.get("id", b"1" * 16), change.get("cut", wrapped)
                )
        with pytest.raises(SealBrokenError):
            INTL.unwrap_dek(kek, b"1" * 16, wrapped)


def _refused(act: Callable[[], object], reason: str) -> None:
    with pytest.raises(JoseError) as refused:
        act()
    assert refused.value.reason == reason


def _none() -> None:
    raise LibraryMissingError("none here")


class TestParallel:
    @needs_sm2
    def test_both_suites_in_many_threads(self) -> None:
        wrong: list[Exception] = []

        def work(suite: Provider) -> None:
            try:
                private, public = a_pair(suite, "sig")
                ours, theirs = a_pair(suite, "enc")
                for number in range(25):
                    told = b"%d" % number
                    text = jws.sign(private, TYP, told)
                    assert jws.verify(text, typ=TYP, keys=KeySet.of(public)).payload == told
                    sealed = jwe.encrypt(theirs, told, TYP, CTY)
                    assert jwe.decrypt(ours, sealed, typ=TYP, cty=CTY) == told
            except Exception as error:  # noqa: BLE001 - told below
                wrong.append(error)

        threads = [threading.Thread(target=work, args=(one,)) for one in (INTL, SM) * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert wrong == []


class TestPolicy:
    def test_a_suite_nobody_allowed(self) -> None:
        with pytest.raises(SuiteUnavailableError, match="YDT_SUITES"):
            suites.allowed("sm", ("intl",))

    def test_a_computer_without_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever needs SM2 says so; whatever does not goes on."""
        monkeypatch.setattr(sm2, "_ENGINE", Once(_none))
        sample = VECTORS["sm2"]
        point = {name: b64u(bytes.fromhex(sample[name])) for name in ("x", "y")}
        public = PublicKey.read({"kty": "EC", "crv": "SM2", **point}, use="enc")

        for act in (
            SM.require,
            lambda: generate("SM2", use="sig"),
            lambda: jwe.encrypt(public, PAYLOAD, TYP, CTY),
            lambda: suites.allowed("sm", ("sm",)),
        ):
            with pytest.raises(SuiteUnavailableError, match="none here"):
                act()
        assert SM.open(bytes(16), SM.seal(bytes(16), PAYLOAD, b""), b"") == PAYLOAD
        private, theirs = a_pair(INTL, "sig")
        assert jws.verify(jws.sign(private, TYP, PAYLOAD), typ=TYP, keys=KeySet.of(theirs))

    def test_a_suite_there_is_not(self) -> None:
        with pytest.raises(SuiteUnavailableError, match="no such suite"):
            suites.allowed("rot13", ("rot13",))

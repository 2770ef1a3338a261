"""Both suites behind one interface: known answers, one framing, no way between them."""

import json
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwe as library_jwe
from joserfc import jws as library_jws
from joserfc.jwk import OKPKey

from consent.encoding import b64u, b64u_decode
from yidaitong.kernel.crypto import envelope, jwe, jws, sm2, suites
from yidaitong.kernel.crypto.errors import JoseError, SealBrokenError, SuiteUnavailableError
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey, generate, public_of
from yidaitong.kernel.crypto.libcrypto import LibraryMissingError, Once
from yidaitong.kernel.crypto.provider import Provider
from yidaitong.kernel.crypto.sm2 import ID
from yidaitong.kernel.crypto.sm2der import public_der
from yidaitong.kernel.crypto.suites import sm
from yidaitong.kernel.crypto.uses import DekKind, Place

_FILE = Path(__file__).parents[2] / "vectors" / "sm" / "standards.json"
VECTORS: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
INTL, SM = suites.of("intl"), suites.of("sm")
TYP, CTY, PAYLOAD = "ydt-test+jws", "ydt-test+json", b'{"a":1}'


def _missing() -> str:
    try:
        SM.require()
    except SuiteUnavailableError as error:
        return error.reason
    return ""


needs_sm2 = pytest.mark.skipif(bool(_missing()), reason=f"no SM2 here: {_missing()}")
BOTH = [pytest.param(INTL, id="intl"), pytest.param(SM, id="sm", marks=needs_sm2)]
CURVES = {"intl": ("Ed25519", "X25519"), "sm": ("SM2", "SM2")}


def _pair(suite: Provider, use: str) -> tuple[PrivateKey, PublicKey]:
    jwk = generate(CURVES[suite.suite][use == "enc"], use=use)
    return PrivateKey.read(jwk), PublicKey.read(public_of(jwk))


class TestKnownAnswers:
    @pytest.mark.parametrize("case", VECTORS["sm3"], ids=lambda case: case["source"])
    def test_sm3(self, case: dict[str, str]) -> None:
        assert SM.digest(bytes.fromhex(case["message"])).hex() == case["digest"]

    def test_sm4_gcm_of_rfc_8998(self) -> None:
        case = {
            name: bytes.fromhex(text)
            for name, text in VECTORS["sm4_gcm"].items()
            if name != "source"
        }
        sealed = case["nonce"] + case["ciphertext"] + case["tag"]

        assert SM.open(case["key"], sealed, case["aad"]) == case["plaintext"]
        assert SM.open(case["key"], SM.seal(case["key"], b"", b"x"), b"x") == b""

    @pytest.mark.parametrize("length", [1, 32, 64, 65, 200])
    def test_hmac_sm3_by_its_definition(self, length: int) -> None:
        key, told = bytes(range(length % 256)), b"told"
        block = (SM.digest(key) if len(key) > 64 else key).ljust(64, b"\0")
        inner = SM.digest(bytes(one ^ 0x36 for one in block) + told)

        assert SM.mac(key, told) == SM.digest(bytes(one ^ 0x5C for one in block) + inner)

    def test_hkdf_sm3_by_its_definition(self) -> None:
        early = SM.mac(bytes(32), b"key")
        first = SM.mac(early, b"info\x01")
        second = SM.mac(early, first + b"info\x02")

        assert SM.kdf(b"key", "info", 48) == (first + second)[:48]

    def test_what_intl_signs_are_the_librarys_own_bytes(self) -> None:
        jwk = generate("Ed25519")
        members = {"alg": "EdDSA", "kid": jwk["kid"], "typ": TYP}
        theirs = library_jws.serialize_compact(
            members, PAYLOAD, OKPKey.import_key(_bare(jwk)), algorithms=["EdDSA"]
        )

        assert jws.sign(PrivateKey.read(jwk), TYP, PAYLOAD) == theirs

    @pytest.mark.parametrize("crv", ["X25519", "P-256"])
    def test_the_library_opens_what_intl_encrypts_and_the_reverse(self, crv: str) -> None:
        jwk = generate(crv, use="enc")
        private, public = PrivateKey.read(jwk), PublicKey.read(public_of(jwk))
        members = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": private.kid, "typ": TYP}
        theirs = library_jwe.encrypt_compact({**members, "cty": CTY}, PAYLOAD, public.key)
        ours = jwe.encrypt(public, PAYLOAD, TYP, CTY)

        assert library_jwe.decrypt_compact(ours, private.key).plaintext == PAYLOAD
        assert jwe.decrypt(private, theirs, typ=TYP, cty=CTY) == PAYLOAD

    def test_an_envelope_of_before_still_opens(self) -> None:
        """Sealed by the first release."""
        sealed = bytes.fromhex(_ENVELOPE)

        assert envelope.open_(bytes(range(32)), _place(), sealed) == b"kept for ever"

    def test_names_are_fixed(self) -> None:
        """Wire format: whoever changes them cannot read what was written."""
        assert (INTL.byte, SM.byte) == (b"\x01", b"\x02")
        assert (sm.SIGN, sm.WRAP, sm.ENC, sm.CURVE) == (
            "https://yidaitong.example/jose/sm2-sm3/v1",
            "https://yidaitong.example/jose/sm2-c1c3c2/v1",
            "https://yidaitong.example/jose/sm4-gcm/v1",
            "SM2",
        )

    def test_thumbprint_of_an_sm2_key(self) -> None:
        """RFC 7638 over crv, kty, x, y, with SHA-256."""
        case = VECTORS["sm2"]
        x, y = b64u(bytes.fromhex(case["x"])), b64u(bytes.fromhex(case["y"]))
        told = f'{{"crv":"SM2","kty":"EC","x":"{x}","y":"{y}"}}'.encode()

        key = PublicKey.read({"kty": "EC", "crv": "SM2", "x": x, "y": y}, use="sig")

        assert key.kid == b64u(INTL.digest(told))
        assert (key.suite, key.alg) == ("sm", sm.SIGN)


_ENVELOPE = (
    "0100000000000000000000000000000003b9ebc6e45514dd7ddc871792cf"
    "bc2e64d961f0db31b403a857a472068b42055e36ff323fd54e3df6c7"
)


def _bare(jwk: dict[str, str]) -> dict[str, Any]:
    return {name: jwk[name] for name in ("kty", "crv", "x", "d")}


def _place() -> Place:
    return Place(kind=DekKind.DATA, owner_id=UUID(int=1), table="t", column="c", row_id=UUID(int=2))


class TestFraming:
    @pytest.mark.parametrize("suite", BOTH)
    @pytest.mark.parametrize("size", [0, 1_100_000])
    def test_signed_verifies_and_sealed_opens(self, suite: Provider, size: int) -> None:
        payload = b"x" * size
        private, public = _pair(suite, "sig")
        ours, theirs = _pair(suite, "enc")

        signed = jws.verify(jws.sign(private, TYP, payload), typ=TYP, keys=KeySet.of(public))
        sealed = jwe.encrypt(theirs, payload, TYP, CTY)

        assert signed.payload == payload
        assert jwe.decrypt(ours, sealed, typ=TYP, cty=CTY) == payload

    @pytest.mark.promise("T23")
    @pytest.mark.parametrize("suite", BOTH)
    def test_every_flipped_byte(self, suite: Provider) -> None:
        private, public = _pair(suite, "sig")
        ours, theirs = _pair(suite, "enc")
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
        _, public = _pair(SM, "enc")
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
        private, public = _pair(SM, "sig")
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
        private, _ = _pair(mine, "sig")
        _, public = _pair(other, "sig")
        text = _resigned({"alg": public.alg, "kid": public.kid, "typ": TYP}, private)

        _refused(lambda: jws.verify(text, typ=TYP, keys=KeySet.of(public)), "jws.signature")

    @pytest.mark.parametrize(
        "member", ["crit", "zip", "jku", "jwk", "x5u", "x5c", "b64", "p2c", "epk", "suite"]
    )
    def test_members_beside_the_list(self, member: str) -> None:
        private, public = _pair(SM, "sig")
        ours, theirs = _pair(SM, "enc")
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
        ours, theirs = _pair(SM, "enc")
        text = _with_header(jwe.encrypt(theirs, PAYLOAD, TYP, CTY), **changes)

        _refused(lambda: jwe.decrypt(ours, text, typ=TYP, cty=CTY), "jwe.header")

    def test_a_jwe_header_of_sm_with_a_key_of_intl(self) -> None:
        ours, theirs = _pair(INTL, "enc")
        good = jwe.encrypt(theirs, PAYLOAD, TYP, CTY)

        for changes in ({"alg": sm.WRAP}, {"enc": sm.ENC}, {"alg": sm.WRAP, "epk": None}):
            text = _with_header(good, **changes)
            with pytest.raises(JoseError, match="header"):
                jwe.decrypt(ours, text, typ=TYP, cty=CTY)

    @pytest.mark.parametrize("suite", BOTH)
    def test_a_content_key_of_another_text(self, suite: Provider) -> None:
        ours, theirs = _pair(suite, "enc")
        one, two = (jwe.encrypt(theirs, PAYLOAD, TYP, CTY).split(".") for _ in range(2))
        one[1] = two[1]

        _refused(lambda: jwe.decrypt(ours, ".".join(one), typ=TYP, cty=CTY), "jwe.decrypt")

    def test_a_content_key_of_the_other_suite(self) -> None:
        ours, theirs = _pair(SM, "enc")
        _, other = _pair(INTL, "enc")
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
        wrapped = SM.wrap_dek(kek, b"one", dek)

        assert SM.unwrap_dek(kek, b"one", wrapped) == dek
        for change in ({"id": b"two"}, {"kek": b"\1" * 32}, {"cut": wrapped[:-1]}):
            with pytest.raises(SealBrokenError):
                SM.unwrap_dek(
                    change.get("kek", kek), change.get("id", b"one"), change.get("cut", wrapped)
                )
        with pytest.raises(SealBrokenError):
            INTL.unwrap_dek(kek, b"one", wrapped)


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
                private, public = _pair(suite, "sig")
                ours, theirs = _pair(suite, "enc")
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
        private, theirs = _pair(INTL, "sig")
        assert jws.verify(jws.sign(private, TYP, PAYLOAD), typ=TYP, keys=KeySet.of(theirs))

    def test_a_suite_there_is_not(self) -> None:
        with pytest.raises(SuiteUnavailableError, match="no such suite"):
            suites.allowed("rot13", ("rot13",))


def _openssl(*arguments: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False)


_USING = ("-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{ID.decode()}")


@needs_sm2
@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command here")
class TestTheOpensslCommand:
    def test_it_accepts_our_signature_and_no_other(self, tmp_path: Path) -> None:
        private, public = _pair(SM, "sig")
        told, _, signature = jws.sign(private, TYP, PAYLOAD).rpartition(".")
        (tmp_path / "key.der").write_bytes(public_der(public.key.point))
        (tmp_path / "told").write_text(told)
        (tmp_path / "sig").write_bytes(b64u_decode(signature))
        check = [
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "key.der",
            "-keyform",
            "DER",
            "-in",
            "told",
            "-sigfile",
            "sig",
            *_USING,
        ]

        assert _openssl(*check, folder=tmp_path).returncode == 0
        (tmp_path / "told").write_text(told + "x")
        assert _openssl(*check, folder=tmp_path).returncode != 0

    def test_we_accept_its_signature(self, tmp_path: Path) -> None:
        made = _openssl("genpkey", "-algorithm", "SM2", "-out", "key.pem", folder=tmp_path)
        assert made.returncode == 0, made.stderr
        der = _openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER", folder=tmp_path)
        point = der.stdout[-64:]
        jwk = {"kty": "EC", "crv": "SM2", "x": b64u(point[:32]), "y": b64u(point[32:])}
        key = PublicKey.read(jwk, use="sig")
        header = {"alg": sm.SIGN, "kid": key.kid, "typ": TYP}
        told = f"{b64u(json.dumps(header).encode())}.{b64u(PAYLOAD)}"
        (tmp_path / "told").write_text(told)
        done = _openssl(
            "pkeyutl",
            "-sign",
            "-inkey",
            "key.pem",
            "-in",
            "told",
            "-out",
            "sig",
            *_USING,
            folder=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        signature = b64u((tmp_path / "sig").read_bytes())

        assert jws.verify(f"{told}.{signature}", typ=TYP, keys=KeySet.of(key)).payload == PAYLOAD

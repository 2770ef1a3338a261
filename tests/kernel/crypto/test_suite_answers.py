"""Known answers of both suites, other tools' reading of them, and names fixed for ever."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwe as library_jwe
from joserfc import jws as library_jws
from joserfc.jwk import OKPKey

from consent.encoding import b64u, b64u_decode
from tests.kernel.crypto.pairs import CTY, INTL, PAYLOAD, SM, TYP, VECTORS, a_pair, needs_sm2
from yidaitong.kernel.crypto import envelope, jwe, jws
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey, generate, public_of
from yidaitong.kernel.crypto.sm2 import ID
from yidaitong.kernel.crypto.sm2der import public_der
from yidaitong.kernel.crypto.suites import sm
from yidaitong.kernel.crypto.uses import DekKind, Place


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


def _openssl(*arguments: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False)


_USING = ("-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{ID.decode()}")


@needs_sm2
@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command here")
class TestTheOpensslCommand:
    def test_it_accepts_our_signature_and_no_other(self, tmp_path: Path) -> None:
        private, public = a_pair(SM, "sig")
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

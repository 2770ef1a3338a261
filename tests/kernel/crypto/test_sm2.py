"""SM2 through the system's library: the standard's samples, any bytes, any thread, no leak."""

import gc
import os
import resource
import subprocess
import sys
import threading
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernel.crypto.pairs import VECTORS, needs_sm2
from yidaitong.kernel.crypto import libcrypto, sm2, sm2der
from yidaitong.kernel.crypto.libcrypto import LibraryMissingError
from yidaitong.kernel.crypto.sm2 import Key, Sm2, Sm2Error

SAMPLE: dict[str, str] = VECTORS["sm2"]
ROUNDS = 2_000
# What gives a thing, and what takes it back.
PAIRS = {
    "EVP_PKEY_CTX_free": ("EVP_PKEY_CTX_new", "EVP_PKEY_CTX_new_from_name"),
    "EVP_MD_CTX_free": ("EVP_MD_CTX_new",),
    "EVP_PKEY_free": ("d2i_PUBKEY", "d2i_AutoPrivateKey", "EVP_PKEY_generate"),
    "BN_clear_free": ("EVP_PKEY_get_bn_param",),
}


pytestmark = needs_sm2


def _bytes(name: str) -> bytes:
    return bytes.fromhex(SAMPLE[name])


def _der(tag: int, body: bytes) -> bytes:
    length = bytes([len(body)]) if len(body) < 128 else bytes([0x81, len(body)])
    return bytes([tag]) + length + body


def _number(value: bytes) -> bytes:
    bare = value.lstrip(b"\0") or b"\0"
    return _der(2, b"\0" + bare if bare[0] >= 128 else bare)


PUBLIC = Key(b"\x04" + _bytes("x") + _bytes("y"))
PRIVATE = Key(PUBLIC.point, _bytes("d"))
SIGNATURE = _der(0x30, _number(_bytes("r")) + _number(_bytes("s")))
CIPHERTEXT = _der(
    0x30,
    _number(_bytes("c1x")) + _number(_bytes("c1y")) + _der(4, _bytes("c3")) + _der(4, _bytes("c2")),
)
LENGTH = len(_bytes("plaintext"))


class TestSamplesOfTheStandard:
    def test_its_signature_verifies(self) -> None:
        sm2.engine().verify(PUBLIC, _bytes("message"), SIGNATURE)

    def test_its_ciphertext_opens(self) -> None:
        assert sm2.engine().decrypt(PRIVATE, CIPHERTEXT, LENGTH) == _bytes("plaintext")

    def test_a_signature_of_ours_is_random_and_verifies(self) -> None:
        engine = sm2.engine()
        made = {engine.sign(PRIVATE, b"told") for _ in range(8)}

        assert len(made) == 8
        for one in made:
            engine.verify(PUBLIC, b"told", one)


class TestForgeries:
    @pytest.mark.promise("T23")
    def test_every_flipped_bit_of_a_signature(self) -> None:
        for place in range(8 * len(SIGNATURE)):
            with pytest.raises(Sm2Error):
                sm2.engine().verify(PUBLIC, _bytes("message"), _flipped(SIGNATURE, place))

    @pytest.mark.promise("T23")
    def test_every_flipped_bit_of_a_ciphertext(self) -> None:
        for place in range(8 * len(CIPHERTEXT)):
            with pytest.raises(Sm2Error):
                sm2.engine().decrypt(PRIVATE, _flipped(CIPHERTEXT, place), LENGTH)

    @pytest.mark.parametrize(
        "other",
        [
            SIGNATURE + b"\0",
            SIGNATURE[:-1],
            b"\x30\x80" + SIGNATURE[2:] + b"\0\0",
            b"\x30\x81" + SIGNATURE[1:],
            _der(0x30, _der(2, b"\0\0" + _bytes("r")) + _number(_bytes("s"))),
            _der(0x30, _der(2, _bytes("r")) + _number(_bytes("s"))),
            _der(0x30, _number(b"\0") + _number(_bytes("s"))),
            _der(0x30, _number(_bytes("r")) + _number(b"\0")),
            _der(0x30, _number(sm2.N.to_bytes(32, "big")) + _number(_bytes("s"))),
            _der(0x30, _number(b"\1" + _bytes("r")) + _number(_bytes("s"))),
            _bytes("r") + _bytes("s"),
            b"",
        ],
        ids=lambda der: der[:3].hex() or "nothing",
    )
    def test_another_spelling_of_a_signature(self, other: bytes) -> None:
        with pytest.raises(Sm2Error):
            sm2.engine().verify(PUBLIC, _bytes("message"), other)

    def test_a_point_beside_the_curve_opens_nothing(self) -> None:
        moved = CIPHERTEXT.replace(_bytes("c1y")[1:], _bytes("c1x")[1:])

        with pytest.raises(Sm2Error, match="not a point"):
            sm2.engine().decrypt(PRIVATE, moved, LENGTH)

    def test_a_private_number_of_another_point(self) -> None:
        with pytest.raises(Sm2Error, match="not a pair"):
            sm2.engine().sign(Key(PUBLIC.point, (7).to_bytes(32, "big")), b"told")

    @pytest.mark.parametrize("number", [0, sm2.N - 1, sm2.N, 2**256 - 1])
    def test_private_numbers_out_of_range(self, number: int) -> None:
        with pytest.raises(ValueError, match="private number"):
            Key(PUBLIC.point, number.to_bytes(32, "big"))

    @pytest.mark.parametrize(
        "point", [b"", bytes(65), b"\x04" + bytes(64), b"\x02" + PUBLIC.point[1:33]]
    )
    def test_points_beside_the_curve(self, point: bytes) -> None:
        with pytest.raises(ValueError, match=r"curve|point"):
            Key(point)


class TestAnyBytes:
    """Whatever comes is our error; never a crash of the library, never another exception."""

    @settings(max_examples=300, deadline=None)
    @given(st.binary(max_size=200))
    def test_as_signature_and_ciphertext(self, data: bytes) -> None:
        with pytest.raises(Sm2Error):
            sm2.engine().verify(PUBLIC, b"told", data)
        with pytest.raises(Sm2Error):
            sm2.engine().decrypt(PRIVATE, data, LENGTH)

    @settings(max_examples=300, deadline=None)
    @given(st.binary(max_size=90), st.binary(max_size=90), st.binary(max_size=40))
    def test_as_parts_of_well_formed_ones(self, x: bytes, y: bytes, rest: bytes) -> None:
        with pytest.raises(Sm2Error):
            sm2.engine().verify(PUBLIC, b"told", _der(0x30, _der(2, x) + _der(2, y)))
        told = _der(2, x) + _der(2, y) + _der(4, rest) + _der(4, bytes(LENGTH))
        with pytest.raises(Sm2Error):
            sm2.engine().decrypt(PRIVATE, _der(0x30, told), LENGTH)

    @settings(max_examples=200, deadline=None)
    @given(st.binary(max_size=160))
    def test_the_librarys_own_readers_behind_ours(self, data: bytes) -> None:
        """Also what our strict reader would have stopped."""
        engine = sm2.engine()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sm2der, "check_signature", lambda _der: None)
            patch.setattr(sm2der, "check_ciphertext", lambda _der, _length: _POINT)
            with pytest.raises(Sm2Error):
                engine.verify(PUBLIC, b"told", data)
            with pytest.raises(Sm2Error):
                engine.decrypt(PRIVATE, data, LENGTH)


_POINT = (int.from_bytes(_bytes("c1x"), "big"), int.from_bytes(_bytes("c1y"), "big"))


class TestResources:
    def test_what_the_library_gives_is_given_back_on_every_path(self) -> None:
        counted = _Counting(libcrypto.load())
        _work(Sm2(counted), 20)
        Sm2(counted).generate()
        with pytest.raises(Sm2Error):
            Sm2(counted).sign(Key(PUBLIC.point, (7).to_bytes(32, "big")), b"told")
        gc.collect()

        assert counted.calls["EVP_MD_CTX_new"] == 80
        for free, makers in PAIRS.items():
            assert counted.calls[free] == sum(counted.calls[name] for name in makers) > 0

    @pytest.mark.nightly
    def test_the_process_does_not_grow(self) -> None:
        """Good and bad calls on fresh keys."""
        _work(sm2.engine(), ROUNDS)  # Whatever is kept once is kept now.
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        _work(sm2.engine(), ROUNDS)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

        # A leak of one context a call would be some 300 bytes × 10 calls × 2,000 rounds.
        assert grown < 2_048, f"{grown} KiB"

    def test_many_threads_at_once(self) -> None:
        wrong: list[Exception] = []

        def work(name: bytes) -> None:
            engine, key = sm2.engine(), PRIVATE
            try:
                for _ in range(50):
                    engine.verify(PUBLIC, name, engine.sign(key, name))
                    assert engine.decrypt(key, engine.encrypt(PUBLIC, name), len(name)) == name
                    with pytest.raises(Sm2Error):
                        engine.verify(PUBLIC, name, SIGNATURE)
            except Exception as error:  # noqa: BLE001 - told below
                wrong.append(error)

        threads = [threading.Thread(target=work, args=(b"%d" % one,)) for one in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert wrong == []


class TestLibrary:
    def test_one_that_is_missing(self) -> None:
        with pytest.raises(LibraryMissingError, match="cannot be loaded"):
            libcrypto.load("/nowhere/libcrypto.so.3")

    def test_one_that_is_no_libcrypto(self) -> None:
        with pytest.raises(LibraryMissingError, match="older than"):
            libcrypto.load("libc.so.6")

    def test_an_old_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(libcrypto, "LEAST", 0x7FFFFFFF)

        with pytest.raises(LibraryMissingError, match="older than"):
            libcrypto.load()

    def test_none_at_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(libcrypto, "_NAMES", ("libnowhere.so.9",))
        monkeypatch.setattr(libcrypto, "find_library", lambda _name: None)

        with pytest.raises(LibraryMissingError, match="on this computer"):
            libcrypto.load()

    def test_a_mac_needs_a_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")

        with pytest.raises(LibraryMissingError, match="YDT_LIBCRYPTO"):
            libcrypto.load()

    def test_the_failure_is_told_each_time(self) -> None:
        """In a process of its own: the library is loaded once."""
        told = _python(
            "from yidaitong.kernel.crypto import sm2\n"
            "for _ in range(2):\n"
            "    try:\n"
            "        sm2.engine()\n"
            "    except Exception as error:\n"
            "        print(type(error).__name__)\n",
            YDT_LIBCRYPTO="/nowhere/libcrypto.so.3",
        )

        assert told.split() == ["LibraryMissingError"] * 2


class _Counting:
    """A library that counts what succeeded."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._library, name)

        def counted(*parts: Any) -> Any:
            done = act(*parts)
            self.calls[name] += done is None or done > 0
            return done

        return counted


class _Flawed:
    """A library that signs and does not check."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def __getattr__(self, name: str) -> Any:
        if name == "EVP_DigestVerify":
            return lambda *_parts: 1
        return getattr(self._library, name)


class TestSelfTest:
    def test_a_library_that_takes_a_changed_bit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        flawed = _Flawed(libcrypto.load())
        monkeypatch.setattr(libcrypto, "load", lambda: flawed)

        with pytest.raises(LibraryMissingError, match="fails the self-test"):
            sm2._checked()

    def test_a_library_without_sm2(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sm2, "_SM2", b"NONE")

        with pytest.raises(LibraryMissingError, match="does not do SM2"):
            sm2._checked()


def _flipped(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


def _work(engine: Sm2, rounds: int) -> None:
    message = _bytes("message")
    for _ in range(rounds):
        public, private = Key(PUBLIC.point), Key(PRIVATE.point, PRIVATE.secret)
        engine.verify(public, message, engine.sign(private, message))
        assert engine.decrypt(private, engine.encrypt(public, message), len(message)) == message
        for bad in (SIGNATURE[:-1] + b"\0", b"\x30\x06\x02\x01\x01\x02\x01\x01"):
            with pytest.raises(Sm2Error):
                engine.verify(public, message, bad)
        with pytest.raises(Sm2Error):
            engine.decrypt(private, CIPHERTEXT[:-1] + b"\0", LENGTH)


def _python(code: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout

"""SM2 (GB/T 32918) on the system's libcrypto: sign, verify, encrypt, decrypt, make keys."""

import ctypes
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import byref, c_char_p, c_size_t, c_void_p
from dataclasses import dataclass, field
from typing import Any, Final

from yidaitong.kernel.crypto import libcrypto, sm2der
from yidaitong.kernel.crypto.libcrypto import LibraryMissingError, Once

# GM/T 0009 §10: the id where the parties agreed on no other.
ID: Final = b"1234567812345678"
POINT_BYTES: Final = 65
SECRET_BYTES: Final = 32
_SM2: Final = b"SM2"
_UNCOMPRESSED: Final = b"\x04"
_MAX_DER: Final = 256

# GB/T 32918.5: the recommended curve, y² = x³ + ax + b over p; n is the order of its base point.
P: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
N: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_A: Final = P - 3
_B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93


class Sm2Error(Exception):
    """Not a key, not a signature, not a ciphertext; nothing more is told."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public point and, where it is ours, its private number.

    The library is asked at first use, so that a key can be read where SM2 cannot be used.
    """

    point: bytes
    secret: bytes | None = field(default=None, repr=False)
    # The key inside the library, once it was needed there.
    kept: list["_Handle"] = field(default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        x, y = _coordinates(self.point)
        if not _on_curve(x, y):
            raise ValueError("not on the curve")
        # GB/T 32918.1 §6.1: the private number lies in [1, n − 2].
        if self.secret is not None and not 0 < int.from_bytes(self.secret, "big") < N - 1:
            raise ValueError("not a private number")


class Sm2:
    """The primitives on one loaded library. Safe in many threads: no call shares a context."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def generate(self) -> Key:
        """A fresh key of our own."""
        library = self._library
        context = library.EVP_PKEY_CTX_new_from_name(None, _SM2, None)
        made = c_void_p()
        try:
            _require(library, context, "no SM2")
            _require(library, library.EVP_PKEY_keygen_init(context), "no SM2")
            _require(library, library.EVP_PKEY_generate(context, byref(made)), "no key")
        finally:
            library.EVP_PKEY_CTX_free(context)
        handle = _Handle(library, made.value or 0)
        return Key(_point_of(library, handle), _secret_of(library, handle))

    def sign(self, key: Key, data: bytes) -> bytes:
        """A DER signature over ``data`` (SM2 with SM3, our id); random, as the standard wants."""
        library, size = self._library, c_size_t(_MAX_DER)
        room = ctypes.create_string_buffer(_MAX_DER)
        with self._digesting(key, library.EVP_DigestSignInit) as context:
            done = library.EVP_DigestSign(context, room, byref(size), data, len(data))
            _require(library, done, "not signed")
        return room.raw[: size.value]

    def verify(self, key: Key, data: bytes, signature: bytes) -> None:
        """Refuse all but a signature of ``key`` over ``data``.

        Raises:
            Sm2Error: it is none.
        """
        try:
            sm2der.check_signature(signature)
        except ValueError as error:
            raise Sm2Error("not a signature") from error
        library = self._library
        with self._digesting(key, library.EVP_DigestVerifyInit) as context:
            done = library.EVP_DigestVerify(context, signature, len(signature), data, len(data))
            _require(library, done, "not its signature")

    def encrypt(self, key: Key, plaintext: bytes) -> bytes:
        """C1C3C2 in DER (GB/T 35276) of a short text that is not empty."""
        library = self._library
        with self._context(self._handle(key)) as context:
            _require(library, library.EVP_PKEY_encrypt_init(context), "no encryption")
            return _transform(library, library.EVP_PKEY_encrypt, context, plaintext)

    def decrypt(self, key: Key, ciphertext: bytes, length: int) -> bytes:
        """The ``length`` bytes that were encrypted to ``key``.

        Raises:
            Sm2Error: not a ciphertext of that length to this key.
        """
        try:
            point = sm2der.check_ciphertext(ciphertext, length)
        except ValueError as error:
            raise Sm2Error("not a ciphertext") from error
        if not _on_curve(*point):
            raise Sm2Error("not a point")
        library = self._library
        with self._context(self._handle(key)) as context:
            _require(library, library.EVP_PKEY_decrypt_init(context), "no decryption")
            return _transform(library, library.EVP_PKEY_decrypt, context, ciphertext)

    def _handle(self, key: Key) -> "_Handle":
        """The key inside the library; made once, by two threads at worst twice."""
        if not key.kept:
            key.kept.append(self._read(key))
        return key.kept[0]

    def _read(self, key: Key) -> "_Handle":
        library = self._library
        if key.secret is None:
            return _read(library, library.d2i_PUBKEY, sm2der.public_der(key.point))
        der = sm2der.private_der(key.secret, key.point)
        handle = _read(library, library.d2i_AutoPrivateKey, der)
        with self._context(handle) as context:
            _require(library, library.EVP_PKEY_check(context), "not a pair")
        return handle

    @contextmanager
    def _digesting(self, key: Key, start: Callable[..., int]) -> Iterator[int]:
        library, handle = self._library, self._handle(key)
        context = library.EVP_MD_CTX_new()
        inner = c_void_p()  # Belongs to the outer one.
        try:
            _require(library, context, "no memory")
            done = start(context, byref(inner), library.EVP_sm3(), None, handle.pointer)
            _require(library, done, "no SM2")
            # Without the id a valid signature fails.
            _require(library, library.EVP_PKEY_CTX_set1_id(inner, ID, len(ID)), "no id")
            yield context
        finally:
            library.EVP_MD_CTX_free(context)

    @contextmanager
    def _context(self, handle: "_Handle") -> Iterator[int]:
        library = self._library
        context = library.EVP_PKEY_CTX_new(handle.pointer, None)
        try:
            _require(library, context, "no memory")
            yield context
        finally:
            library.EVP_PKEY_CTX_free(context)


class _Handle:
    """One key of the library; given back when nobody holds it."""

    def __init__(self, library: Any, pointer: int) -> None:
        self.pointer = pointer
        weakref.finalize(self, library.EVP_PKEY_free, pointer)


def _transform(library: Any, act: Callable[..., int], context: int, data: bytes) -> bytes:
    size = c_size_t()
    _require(library, act(context, None, byref(size), data, len(data)), "no size")
    room = ctypes.create_string_buffer(size.value)
    _require(library, act(context, room, byref(size), data, len(data)), "refused")
    return room.raw[: size.value]


def _read(library: Any, read: Callable[..., int | None], der: bytes) -> _Handle:
    pointer = read(None, byref(c_char_p(der)), len(der))
    _require(library, pointer, "not a key")
    handle = _Handle(library, pointer or 0)
    _require(library, library.EVP_PKEY_is_a(handle.pointer, _SM2), "not an SM2 key")
    return handle


def _secret_of(library: Any, handle: _Handle) -> bytes:
    number, room = c_void_p(), ctypes.create_string_buffer(SECRET_BYTES)
    try:
        done = library.EVP_PKEY_get_bn_param(handle.pointer, b"priv", byref(number))
        _require(library, done, "no private number")
        written = library.BN_bn2binpad(number, room, SECRET_BYTES)
        _require(library, int(written == SECRET_BYTES), "no private number")
        return room.raw
    finally:
        library.BN_clear_free(number)


def _point_of(library: Any, handle: _Handle) -> bytes:
    room, size = ctypes.create_string_buffer(POINT_BYTES), c_size_t()
    done = library.EVP_PKEY_get_octet_string_param(
        handle.pointer, b"encoded-pub-key", room, POINT_BYTES, byref(size)
    )
    _require(library, int(done > 0 and size.value == POINT_BYTES), "no point")
    return room.raw


def _require(library: Any, done: int | None, what: str) -> None:
    """One means yes; zero, less and nothing mean no. The thread's queue of errors is emptied."""
    if done is None or done <= 0:
        library.ERR_clear_error()
        raise Sm2Error(what)


def _coordinates(point: bytes) -> tuple[int, int]:
    if len(point) != POINT_BYTES or point[:1] != _UNCOMPRESSED:
        raise ValueError("not an uncompressed point")
    half = (POINT_BYTES + 1) // 2
    return int.from_bytes(point[1:half], "big"), int.from_bytes(point[half:], "big")


def _on_curve(x: int, y: int) -> bool:
    return x < P and y < P and (y * y - (x * x * x + _A * x + _B)) % P == 0


def _checked() -> Sm2:
    """SM2 on this computer, once it signed, verified, refused a changed bit and unwrapped.

    Raises:
        LibraryMissingError: the library is missing, too old, or does not do SM2.
    """
    engine, told = Sm2(libcrypto.load()), b"self-test"
    try:
        key = engine.generate()
        public, signature = Key(key.point), engine.sign(key, told)
        engine.verify(public, told, signature)
        opened = engine.decrypt(key, engine.encrypt(public, told), len(told))
    except (Sm2Error, ValueError) as error:
        raise LibraryMissingError("libcrypto does not do SM2") from error
    try:
        engine.verify(public, bytes([told[0] ^ 1]) + told[1:], signature)
    except Sm2Error:
        if opened == told:
            return engine
    raise LibraryMissingError("libcrypto fails the self-test of SM2")


_ENGINE = Once(_checked)


def engine() -> Sm2:
    """SM2 on this computer; loaded and tested at the first call.

    Raises:
        LibraryMissingError: as at the first call.
    """
    found: Sm2 = _ENGINE.get()
    return found

"""The system's libcrypto (OpenSSL 3.0 or newer) through ctypes: loaded once, checked, typed."""

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Mapping
from ctypes import POINTER, c_char_p, c_int, c_long, c_size_t, c_ulong, c_void_p
from ctypes.util import find_library
from typing import Any, Final

LEAST: Final = 0x30000000
# Names another library than the system's default one; it is read when the first key is used.
VARIABLE: Final = "YDT_LIBCRYPTO"
_NAMES: Final = ("libcrypto.so.4", "libcrypto.so.3")
_SIZE = POINTER(c_size_t)
_HANDLE = POINTER(c_void_p)
_FUNCTIONS: Final[Mapping[str, tuple[Any, tuple[Any, ...]]]] = {
    "OpenSSL_version_num": (c_ulong, ()),
    "ERR_clear_error": (None, ()),
    "d2i_PUBKEY": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "d2i_AutoPrivateKey": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "EVP_PKEY_free": (None, (c_void_p,)),
    "EVP_PKEY_is_a": (c_int, (c_void_p, c_char_p)),
    "EVP_PKEY_CTX_new": (c_void_p, (c_void_p, c_void_p)),
    "EVP_PKEY_CTX_new_from_name": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "EVP_PKEY_CTX_free": (None, (c_void_p,)),
    "EVP_PKEY_CTX_set1_id": (c_int, (c_void_p, c_char_p, c_int)),
    "EVP_PKEY_check": (c_int, (c_void_p,)),
    "EVP_PKEY_keygen_init": (c_int, (c_void_p,)),
    "EVP_PKEY_generate": (c_int, (c_void_p, _HANDLE)),
    "EVP_PKEY_get_bn_param": (c_int, (c_void_p, c_char_p, _HANDLE)),
    "EVP_PKEY_get_octet_string_param": (c_int, (c_void_p, c_char_p, c_char_p, c_size_t, _SIZE)),
    "BN_bn2binpad": (c_int, (c_void_p, c_char_p, c_int)),
    "BN_clear_free": (None, (c_void_p,)),
    "EVP_sm3": (c_void_p, ()),
    "EVP_MD_CTX_new": (c_void_p, ()),
    "EVP_MD_CTX_free": (None, (c_void_p,)),
    "EVP_DigestSignInit": (c_int, (c_void_p, _HANDLE, c_void_p, c_void_p, c_void_p)),
    "EVP_DigestSign": (c_int, (c_void_p, c_char_p, _SIZE, c_char_p, c_size_t)),
    "EVP_DigestVerifyInit": (c_int, (c_void_p, _HANDLE, c_void_p, c_void_p, c_void_p)),
    "EVP_DigestVerify": (c_int, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)),
    "EVP_PKEY_encrypt_init": (c_int, (c_void_p,)),
    "EVP_PKEY_encrypt": (c_int, (c_void_p, c_char_p, _SIZE, c_char_p, c_size_t)),
    "EVP_PKEY_decrypt_init": (c_int, (c_void_p,)),
    "EVP_PKEY_decrypt": (c_int, (c_void_p, c_char_p, _SIZE, c_char_p, c_size_t)),
}


class LibraryMissingError(Exception):
    """The system has no library that will do; the message says why."""


def load(path: str | None = None) -> Any:
    """A typed libcrypto; ``path`` names one, else the variable does, else the system's.

    Raises:
        LibraryMissingError: there is none, it is older than 3.0, or it lacks a function.
    """
    library = _opened(path or os.environ.get(VARIABLE))
    try:
        for name, (answer, takes) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = answer, takes
            if name == "OpenSSL_version_num" and function() < LEAST:
                raise LibraryMissingError("libcrypto is older than OpenSSL 3.0")
    except AttributeError as error:
        raise LibraryMissingError("libcrypto is older than OpenSSL 3.0, or cut down") from error
    return library


def _opened(path: str | None) -> ctypes.CDLL:
    if path is not None:
        return _cdll(path)
    if sys.platform == "darwin":
        # Its own library ends a process that loads it without naming a version.
        raise LibraryMissingError(f"name OpenSSL's libcrypto in {VARIABLE}")
    found = find_library("crypto")
    for name in (*_NAMES, *([found] if found else [])):
        try:
            return _cdll(name)
        except LibraryMissingError:
            continue
    raise LibraryMissingError("no libcrypto of OpenSSL 3.0 or newer on this computer")


def _cdll(name: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise LibraryMissingError(f"{name} cannot be loaded") from error


class Once:
    """A value made at its first use, by one thread; a failure is kept as well."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Any = None
        self._failed: LibraryMissingError | None = None

    def get(self) -> Any:
        """The value.

        Raises:
            LibraryMissingError: as at its first use.
        """
        with self._lock:
            if self._made is None and self._failed is None:
                try:
                    self._made = self._make()
                except LibraryMissingError as error:
                    self._failed = error
            if self._failed is not None:
                raise LibraryMissingError(str(self._failed)) from self._failed
            return self._made

"""Goal 11: the software suite ``sm`` beside the best its libraries can do."""

import os
import re
import secrets
import shutil
import subprocess
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from tests.bench.measuring import Round, cpu_rate, ratio
from yidaitong.kernel.crypto import sm2, suites

_SPEED: Final = re.compile(r"SM2 .*?s\s+[\d.]+s\s+([\d.]+)\s+([\d.]+)")
_DATA: Final = os.urandom(16)  # What the system's own speed command signs.
_FIELD: Final = os.urandom(20_000)
_BURST: Final = 50


class NoOpenSslError(Exception):
    """There is no command to compare with."""


def signed() -> Round:
    """SM2 signatures a second of CPU time, ours and the system's speed command's."""
    engine = sm2.engine()
    key = engine.generate()

    def sign() -> int:
        for _ in range(_BURST):
            engine.sign(key, _DATA)
        return _BURST

    return ratio(cpu_rate(sign), _system()[0])


def verified() -> Round:
    """SM2 verifications a second of CPU time, ours and the system's."""
    engine = sm2.engine()
    key = engine.generate()
    signature = engine.sign(key, _DATA)

    def verify() -> int:
        for _ in range(_BURST):
            engine.verify(key, _DATA, signature)
        return _BURST

    return ratio(cpu_rate(verify), _system()[1])


def sealed() -> Round:
    """Fields of 20 KB a second under SM4-GCM, ours and the bare cipher's."""
    provider, key = suites.of("sm"), secrets.token_bytes(16)

    def ours() -> int:
        provider.seal(key, _FIELD, b"place")
        return 1

    def bare() -> int:
        nonce = secrets.token_bytes(12)
        cipher = Cipher(SM4(key), GCM(nonce)).encryptor()
        cipher.authenticate_additional_data(b"place")
        cipher.update(_FIELD)
        cipher.finalize()
        return 1

    return ratio(cpu_rate(ours), cpu_rate(bare))


def _system() -> tuple[float, float]:
    """Signatures and verifications a second, by CPU time, as OpenSSL measures itself."""
    program = shutil.which("openssl")
    if program is None:
        raise NoOpenSslError("no openssl command")
    words = [program, "speed", "-seconds", "1", "sm2"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    found = _SPEED.search(done.stdout)
    if found is None:
        raise NoOpenSslError("its speed command has no SM2")
    return float(found[1]), float(found[2])

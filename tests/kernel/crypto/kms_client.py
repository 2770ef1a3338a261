"""The plug-in for the key service of the tests: ``YDT_KEK_PROVIDER=…kms_client:connect``."""

import json
import socket
from dataclasses import dataclass
from typing import Any

from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.keks.provider import KekUnavailableError

SECONDS = 2.0


@dataclass(frozen=True)
class KeyService:
    """A provider whose keys are elsewhere (see ``KekProvider``)."""

    path: str
    automatic: bool = True

    def versions(self) -> tuple[int, ...]:
        return tuple(self._ask(do="versions")["versions"])

    def wrap(self, version: int, about: str, key: bytes) -> bytes:
        told = self._ask(do="wrap", version=version, about=about, value=key.hex())
        return bytes.fromhex(told["value"])

    def unwrap(self, version: int, about: str, wrapped: bytes) -> bytes:
        told = self._ask(do="unwrap", version=version, about=about, value=wrapped.hex())
        return bytes.fromhex(told["value"])

    def make(self) -> int:
        return int(self._ask(do="make")["version"])

    def destroy(self, version: int) -> bool:
        return bool(self._ask(do="destroy", version=version)["gone"])

    def first_index(self) -> bytes | None:
        return None

    def _ask(self, **asked: Any) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(SECONDS)
                line.connect(self.path)
                line.sendall(json.dumps(asked).encode() + b"\n")
                told: dict[str, Any] = json.loads(line.makefile("rb").readline())
        except (OSError, ValueError) as error:
            raise KekUnavailableError("the key service does not answer") from error
        match told.get("error"):
            case None:
                return told
            case "broken":
                raise SealBrokenError(f"{asked['about']} does not unwrap")
            case _:
                raise KekUnavailableError(f"KEK version {asked['version']} is not held")


def connect(config: str) -> KeyService:
    """What ``YDT_KEK_CONFIG`` names: the socket."""
    return KeyService(config)

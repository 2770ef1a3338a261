"""The identity provider over HTTP: name, ID number and mobile compared by somebody who knows.

Contract: ``POST {identity_provider_url}/verify`` with JSON ``{"name", "id_number", "mobile"}``;
the answer is ``{"result": "VERIFIED" | "MISMATCH" | "NO_RECORD", "serial": "..."}``.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

import requests

from yidaitong.enterprises.errors import VerifierUnavailableError
from yidaitong.enterprises.identity import Identity, RefusalReason, Refused, Verified
from yidaitong.kernel.settings import Settings

_OK: Final = 200
_MAX_BYTES: Final = 4096
_MAX_SERIAL: Final = 128
_REFUSALS: Final = {
    reason.value: reason for reason in (RefusalReason.MISMATCH, RefusalReason.NO_RECORD)
}


@dataclass(frozen=True, slots=True)
class HttpVerifier:
    """Asks the provider named in the settings; every doubt is "no usable answer"."""

    settings: Settings

    def verify(self, identity: Identity) -> Verified | Refused:
        """Whether the three facts belong to one person.

        Raises:
            VerifierUnavailableError: no answer in time, a redirect, or an answer we cannot read.
        """
        body = {
            "name": identity.name,
            "id_number": identity.id_number,
            "mobile": identity.mobile,
        }
        return _read(self._post(body))

    def _post(self, body: dict[str, str]) -> bytes:
        wait = self.settings.call_deadline_seconds
        try:
            with requests.post(
                f"{self.settings.identity_provider_url}/verify",
                json=body,
                timeout=(wait, wait),
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code != _OK:
                    raise VerifierUnavailableError(f"status {response.status_code}")
                return _capped(response)
        except (requests.RequestException, OSError) as error:
            # The cause may quote the address or the body; only its kind is kept.
            raise VerifierUnavailableError(type(error).__name__) from None


def _capped(response: requests.Response) -> bytes:
    body = b""
    for part in response.iter_content(_MAX_BYTES):
        body += part
        if len(body) > _MAX_BYTES:
            raise VerifierUnavailableError("answer too long")
    return body


def _read(raw: bytes) -> Verified | Refused:
    answer = _parse(raw)
    result, serial = answer.get("result"), answer.get("serial")
    if not isinstance(serial, str) or not 0 < len(serial) <= _MAX_SERIAL:
        raise VerifierUnavailableError("no serial")
    if result == "VERIFIED":
        return Verified(serial)
    if isinstance(result, str) and result in _REFUSALS:
        return Refused(_REFUSALS[result], serial)
    raise VerifierUnavailableError("unknown result")


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        raise VerifierUnavailableError("not JSON") from None
    if not isinstance(answer, dict):
        raise VerifierUnavailableError("not an object")
    return answer

"""The identity provider over HTTP: name, ID number and mobile compared by somebody who knows.

Contract: ``POST {identity_provider_url}/verify`` with JSON ``{"name", "id_number", "mobile"}``;
the answer is ``{"result": "VERIFIED" | "MISMATCH" | "NO_RECORD", "serial": "..."}``.
"""

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from yidaitong.departments.addresses import Resolver
from yidaitong.departments.transport import Egress, EgressError
from yidaitong.enterprises.errors import VerifierUnavailableError
from yidaitong.enterprises.identity import Identity, RefusalReason, Refused, Verified
from yidaitong.kernel.settings import Settings
from yidaitong.kernel.strictjson import StrictJsonError, parse_object

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
        address = self.settings.identity_provider_url
        egress = Egress(
            hosts=frozenset({str(urlsplit(address).hostname)}),
            resolver=Resolver(allow_private=self.settings.allow_private_addresses),
            max_bytes=_MAX_BYTES,
            ca_file=self.settings.gateway_ca_file,
        )
        try:
            reply = egress.post(
                f"{address}/verify",
                json.dumps(body, ensure_ascii=False).encode(),
                {"Content-Type": "application/json"},
                seconds=self.settings.call_deadline_seconds,
                pool="identity",
            )
        except EgressError as error:
            raise VerifierUnavailableError(error.problem) from None
        finally:
            egress.close()
        if reply.status != _OK:
            raise VerifierUnavailableError(f"status {reply.status}")
        return reply.body


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
        return parse_object(raw, max_bytes=_MAX_BYTES)
    except StrictJsonError as error:
        raise VerifierUnavailableError(f"answer: {error.flaw}") from None

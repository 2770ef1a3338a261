"""Why a packet is refused: one code of a closed list, and a detail that names members only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from consent.errors import ConsentError
from consent.ledger.errors import LedgerError
from yidaitong.departments.wire import WireError
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.strictjson import StrictJsonError
from yidaitong.packets.deliveries import DeliveryError
from yidaitong.packets.schema import PacketFormError

# Wire format: append only.
CODES: Final = (
    "size",
    "jwe.format",
    "jwe.header",
    "jwe.key",
    "jwe.decrypt",
    "delivery.format",
    "jws.format",
    "jws.header",
    "jws.key",
    "jws.signature",
    "packet.schema",
    "packet.audience",
    "packet.pull",
    "packet.replay",
    "leaf.format",
    "leaf.binding",
    "leaf.commitment",
    "note.format",
    "note.signature",
    "policy.format",
    "policy.quorum",
    "proof.format",
    "proof.inclusion",
    "proof.consistency",
    "log.tile",
    "log.duplicate",
    "log.order",
    "consent.binding",
    "consent.signature",
    "evidence.hash",
    "evidence.key",
    "evidence.signature",
    "evidence.binding",
    "manifest",
)


class RefusedError(Exception):
    """One check failed: the whole packet is refused with ``code``."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


def require(condition: object, code: str, detail: str) -> None:
    """Refuse unless ``condition`` holds.

    Raises:
        RefusedError: it does not.
    """
    if not condition:
        raise RefusedError(code, detail)


@contextmanager
def refusing(
    code: str | None = None, key: str | None = None, form: str | None = None
) -> Iterator[None]:
    """Turn refusals of readers into one of ours; ``code`` and ``key`` replace their own codes.

    ``form``, where given, is the code for something signed well that is not what it should be.

    Raises:
        RefusedError: something inside refused.
    """
    try:
        yield
    except JoseError as error:
        named = key if key is not None and error.reason == "jws.key" else code
        raise RefusedError(named or error.reason, str(error)) from error
    except LedgerError as error:
        raise RefusedError(error.check, str(error)) from error
    except (
        DeliveryError,
        PacketFormError,
        WireError,
        StrictJsonError,
        ConsentError,
        ValueError,
        KeyError,
        TypeError,
    ) as error:
        detail = str(error) if isinstance(error, DeliveryError | PacketFormError) else ""
        named = form or code or "delivery.format"
        raise RefusedError(named, detail or type(error).__name__) from error

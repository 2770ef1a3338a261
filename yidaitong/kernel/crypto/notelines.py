"""SM2 lines under the log's heads, beside its Ed25519 line: written and checked (kind ff)."""

from dataclasses import dataclass

from consent.ledger.errors import NoteError
from consent.ledger.note import SM2_LABEL, KeyKind, VKey
from yidaitong.kernel.crypto import suites
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import PublicKey


def sm2_public(point: bytes) -> bytes:
    """What stands for the public key of a line: our label, then the uncompressed point."""
    return SM2_LABEL + point


@dataclass(frozen=True, slots=True)
class Sm2NoteVerifier:
    """Checks the lines of one SM2 key, as the published key set holds it."""

    name: str
    key: PublicKey

    @property
    def vkey(self) -> VKey:
        """Whose lines these are."""
        return VKey(self.name, KeyKind.SM2, sm2_public(self.key.key.point))

    def verify(self, text: bytes, signature: bytes) -> None:
        """Refuse unless the key signed ``text``.

        Raises:
            NoteError: it did not.
            SuiteUnavailableError: this computer cannot do SM2.
        """
        try:
            suites.of(self.key.suite).verify(self.key, text, signature)
        except JoseError as error:
            raise NoteError(f"line of {self.name}", check="note.signature") from error

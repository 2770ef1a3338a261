"""One leaf's proof as a text file that needs nobody to be checked (C2SP tlog-proof)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from consent.ledger.errors import ProofError
from consent.ledger.merkle import HASH_BYTES
from consent.ledger.parsing import read_base64, read_decimal, read_utf8, write_base64

HEADER: Final = "c2sp.org/tlog-proof@v1"
SUFFIX: Final = ".tlog-proof"
MAX_HASHES: Final = 63
MAX_BYTES: Final = 512 * 1024


class ProofFormatError(ProofError):
    """Text that is no proof file."""

    default = "proof.format"


@dataclass(frozen=True, slots=True)
class ProofText:
    """``note`` is the checkpoint as it was signed, with all its lines."""

    index: int
    hashes: tuple[bytes, ...]
    note: str


def write_proof(index: int, hashes: Sequence[bytes], note: str) -> str:
    """The proof file; hashes from the leaf's sibling upwards."""
    lines = [HEADER, f"index {index}", *(write_base64(one) for one in hashes)]
    return "\n".join(lines) + "\n\n" + note


def read_proof(text: str) -> ProofText:
    """Read a proof file. An ``extra`` line is allowed and given no meaning.

    Raises:
        ProofFormatError: not a proof file.
    """
    if len(text) > MAX_BYTES:
        raise ProofFormatError("too long")
    read_utf8(text.encode("utf-8", "surrogatepass"), ProofFormatError)
    head, blank, note = text.partition("\n\n")
    lines = head.split("\n")
    if not blank or lines[0] != HEADER:
        raise ProofFormatError("no proof header")
    lines = lines[1:]
    if lines and lines[0].startswith("extra "):
        read_base64(lines[0].removeprefix("extra "), ProofFormatError)
        lines = lines[1:]
    if not lines or not lines[0].startswith("index "):
        raise ProofFormatError("no index")
    index = read_decimal(lines[0].removeprefix("index "), ProofFormatError)
    hashes = tuple(read_base64(line, ProofFormatError) for line in lines[1:])
    if len(hashes) > MAX_HASHES or any(len(one) != HASH_BYTES for one in hashes):
        raise ProofFormatError("hashes")
    return ProofText(index, hashes, note)

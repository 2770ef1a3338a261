"""What several metrics share: outcomes that count, pseudonyms, disbursed amounts."""

from typing import Final

from yidaitong.departments.answers import Outcome

# "No record" is a fact somebody signed; silence is not.
ANSWERED: Final = (Outcome.DATA, Outcome.NO_RECORD)
_PSEUDONYM_SIGNS: Final = 10


def pseudonym(index: bytes) -> str:
    """How an enterprise appears to viewers: its blind index, shortened."""
    return index.hex()[:_PSEUDONYM_SIGNS].upper()

"""One guard of the consent rules taken out at a time, and the test that must notice.

Each is a change of source that a tired colleague might make: ``old`` stands once in its file.
"""

from typing import Final

from tests.mutants.mutant import Mutant
from tests.mutants.pulling import C1, C2, C3
from tests.mutants.releasing import C4, C5, NARROWED
from tests.mutants.rules import RULES, SIGNING

__all__ = ["MUTANTS", "QUICK", "Mutant"]

MUTANTS: Final = (*RULES, *SIGNING, *C1, *C2, *C3, *C4, *NARROWED, *C5)
# Quick ones for every run: no database is asked.
QUICK: Final = tuple(one for one in MUTANTS if one.test == "tests/consent/test_lifecycle.py")

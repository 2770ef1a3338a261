"""Made-up firms: pure and deterministic, one history per credit code, seen as of any date."""

from yidaitong.sandbox.data.candidates import candidates
from yidaitong.sandbox.data.codes import identity_result, make_id, make_uscc, mobile_of
from yidaitong.sandbox.data.firms import (
    Firm,
    NoSuchFirmError,
    answer,
    find,
    firm,
    matches_representative,
)
from yidaitong.sandbox.data.personas import PERSONAS, Persona
from yidaitong.sandbox.data.profile import Archetype, Person

__all__ = [
    "PERSONAS",
    "Archetype",
    "Firm",
    "NoSuchFirmError",
    "Person",
    "Persona",
    "answer",
    "candidates",
    "find",
    "firm",
    "identity_result",
    "make_id",
    "make_uscc",
    "matches_representative",
    "mobile_of",
]

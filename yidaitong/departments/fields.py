"""What one field of a department's answer is: type, unit, codes, how personal."""

from dataclasses import dataclass
from enum import StrEnum

from yidaitong.kernel.text import Text


class FieldType(StrEnum):
    """Type of one field of an answer."""

    STRING = "s"
    INT = "i"
    FEN = "f"
    DATE = "d"
    MONTH = "m"
    BOOL = "b"
    NUMBER = "n"
    BP = "bp"
    LIST = "list"


class Unit(StrEnum):
    """Unit in which the department sends a field; money arrives as a decimal string."""

    NONE = ""
    FEN = "fen"
    YUAN = "yuan"
    WAN = "wan"
    KWH = "kwh"
    M3 = "m3"
    M2 = "m2"


class PiClass(StrEnum):
    """How personal a field is: nothing, an officer's duty data, personal, sensitive."""

    NONE = "none"
    DUTY = "D"
    PERSONAL = "P"
    SENSITIVE = "S"


STRING = FieldType.STRING
INT = FieldType.INT
FEN = FieldType.FEN
DATE = FieldType.DATE
MONTH = FieldType.MONTH
BOOL = FieldType.BOOL
NUMBER = FieldType.NUMBER
BP = FieldType.BP
LIST = FieldType.LIST
DUTY = PiClass.DUTY
PERSONAL = PiClass.PERSONAL
SENSITIVE = PiClass.SENSITIVE


@dataclass(frozen=True, slots=True)
class Field:
    """One field (信息项) a resource returns.

    ``codes`` is its closed code set, ``rows`` the fields of one row of a list. ``pi_when`` limits
    the class to a case ("92": individual businesses). A ``match_only`` field is compared inside
    the department and never leaves it. A field ``beside`` another comes with it, because the
    department signs both as one record; nobody can ask for it or consent to it, so it goes to
    nobody. Only an answer that can be narrowed (SD-JWT) may hold one.
    """

    name: str
    text: Text
    type: FieldType
    unit: Unit = Unit.NONE
    length: int | None = None
    codes: tuple[str, ...] = ()
    pi_class: PiClass = PiClass.NONE
    pi_when: str = ""
    match_only: bool = False
    beside: str = ""
    rows: tuple["Field", ...] = ()

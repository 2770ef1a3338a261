"""One guard taken out, and the test that must notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """What is taken out, where, and who must turn red."""

    name: str
    file: str
    old: str
    new: str
    test: str

"""Compile translation catalogues: in the source tree and while a wheel is built.

Runs alone (``manage.py`` calls this file by its path), so it imports nothing of ours.
"""

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from setuptools.command.build_py import build_py

PATTERN = "*/locale/*/LC_MESSAGES/*.po"


def compile_below(root: Path) -> list[Path]:
    """Write the ``.mo`` beside every ``.po`` of the packages of ``root``; the files written."""
    written = []
    for source in sorted(root.glob(PATTERN)):
        with source.open("rb") as lines:
            catalogue = read_po(lines, abort_invalid=True)
        target = source.with_suffix(".mo")
        fresh = target.with_suffix(".mo.new")
        with fresh.open("wb") as out:
            write_mo(out, catalogue)
        fresh.replace(target)
        written.append(target)
    return written


class BuildWithCatalogues(build_py):  # type: ignore[misc]  # the library ships no types
    """``build_py`` of setup.cfg: a wheel is never built with old translations."""

    def run(self) -> None:
        """Compile, then collect the files."""
        compile_below(Path.cwd())
        super().run()


if __name__ == "__main__":
    compile_below(Path(sys.argv[1]))

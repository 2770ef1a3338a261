"""The files of this tree as the rules see them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MADE = {".git", ".venv", ".tools", ".ydt", "__pycache__", "vendor", "build", "dist", "out"}
PACKAGES = ("consent", "yidaitong", "enterprise_portal", "bank_portal", "gov_portal")


@cache
def files() -> tuple[Path, ...]:
    """Everything git keeps; of a copy without git, everything that no tool made."""
    # The checkout may belong to somebody else, which git would rather not read.
    words = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-c"]
    try:
        listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
        names = listed.stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        names = [name(path) for path in ROOT.rglob("*") if not _made(path)]
    found = (ROOT / one for one in names)
    return tuple(sorted({path for path in found if path.is_file()}))


def _made(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return any(part in _MADE or part.endswith((".egg-info", ".pyc", "_cache")) for part in parts)


def ending(*suffixes: str, under: tuple[str, ...] = ()) -> list[Path]:
    """Files with one of ``suffixes``, of all folders or of the top-level folders ``under``."""
    return [
        path
        for path in files()
        if path.suffix in suffixes and (not under or path.relative_to(ROOT).parts[0] in under)
    ]


def name(path: Path) -> str:
    """How messages call a file."""
    return str(path.relative_to(ROOT))

"""Every guard of the consent rules is missed: taken out of a copy, a named test turns red."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.mutants.guards import MUTANTS, QUICK, Mutant

ROOT: Final = Path(__file__).parents[2]
PARTS: Final = (
    "consent", "yidaitong", "enterprise_portal", "bank_portal", "gov_portal", "tests",
)  # fmt: skip
FILES: Final = ("setup.cfg", "wsgi.py", "manage.py")
_AT_ONCE: Final = 2
_FIRST_QUEUE: Final = 13
# Linked, not copied: large, and nothing of ours is changed there.
_LARGE: Final = ("yidaitong/static",)


def copied(to: Path) -> Path:
    """A copy of the sources that a mutant may spoil."""
    skip = shutil.ignore_patterns("__pycache__", "static", ".*")
    for part in PARTS:
        shutil.copytree(ROOT / part, to / part, ignore=skip)
    for name in FILES:
        shutil.copy(ROOT / name, to / name)
    for name in _LARGE:
        (to / name).symlink_to(ROOT / name)
    return to


def run(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Those tests on the sources in ``folder``; the servers are this run's own."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        cwd=folder,
        env={
            **os.environ,
            "YDT_TEST_NO_SERVERS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            # Which of the queue's databases is emptied: copies side by side have their own.
            "PYTEST_XDIST_WORKER": f"gw{_FIRST_QUEUE + int(folder.name)}",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=3000,
    )


def spoilt(folder: Path, one: Mutant) -> str:
    """The file's text before one guard was taken out of it."""
    path = folder / one.file
    before = path.read_text(encoding="utf-8")
    assert before.count(one.old) == 1, f"{one.name}: {one.file} reads otherwise now"
    path.write_text(before.replace(one.old, one.new), encoding="utf-8")
    return before


def survivor(folder: Path, one: Mutant) -> str | None:
    """What is wrong, None where a test turned red."""
    before = spoilt(folder, one)
    try:
        done = run(folder, one.test)
    finally:
        (folder / one.file).write_text(before, encoding="utf-8")
    # 1: tests failed. Everything else (none collected, an error of import) notices nothing.
    if done.returncode == 1:
        return None
    return f"{one.name} ({one.test}): exit {done.returncode}\n{done.stdout[-600:]}"


def survivors(folders: list[Path], mutants: tuple[Mutant, ...]) -> Iterator[str]:
    """Mutants no test notices; a few at a time, each in a copy of its own."""
    free = list(folders)

    def judge(one: Mutant) -> str | None:
        folder = free.pop()
        try:
            return survivor(folder, one)
        finally:
            free.append(folder)

    with ThreadPoolExecutor(len(folders)) as pool:
        for found in pool.map(judge, mutants):
            if found is not None:
                yield found


class TestMutants:
    def test_each_guard_stands_where_it_is_taken_out(self) -> None:
        wrong = [
            one.name
            for one in MUTANTS
            if (ROOT / one.file).read_text(encoding="utf-8").count(one.old) != 1
            or not (ROOT / one.test).exists()
        ]

        assert wrong == [], "the guard moved: follow it"
        assert len({one.name for one in MUTANTS}) == len(MUTANTS) >= 25

    def test_a_few_turn_their_tests_red(self, tmp_path: Path) -> None:
        folder = copied(tmp_path / "0")

        assert list(survivors([folder], QUICK)) == []

    @pytest.mark.nightly
    @pytest.mark.timeout(7200)
    def test_each_turns_its_test_red(self, tmp_path: Path) -> None:
        folders = [copied(tmp_path / str(n)) for n in range(_AT_ONCE)]
        sound = run(folders[0], *sorted({one.test for one in MUTANTS}))
        assert sound.returncode == 0, sound.stdout[-2000:]

        found = list(survivors(folders, MUTANTS))

        print(f"{len(MUTANTS)} mutants, {len(found)} survived")  # noqa: T201 - a report
        assert found == [], "\n".join(found)

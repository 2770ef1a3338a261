"""Every refusal has one permanent code, a status and words in both languages."""

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterator

import consent
import yidaitong
from consent.errors import ConsentError
from yidaitong.kernel.errors import DomainError
from yidaitong.web.problems import SERVER_ERROR, status_of
from yidaitong.web.statuses import STATUS

Refusal = type[DomainError] | type[ConsentError]


def _load_all() -> None:
    for package in (consent, yidaitong):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(("yidaitong.cli", "yidaitong.assets")) and (
                ".versions" not in module.name and not module.name.endswith((".env", "__main__"))
            ):
                importlib.import_module(module.name)


def _below(kind: Refusal) -> Iterator[Refusal]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def _all() -> list[Refusal]:
    _load_all()
    found = [*_below(DomainError), *_below(ConsentError)]
    return [kind for kind in found if kind.__module__.startswith(("yidaitong", "consent"))]


class TestErrors:
    def test_have_a_code_of_their_own_or_their_parents(self) -> None:
        owners: defaultdict[str, set[str]] = defaultdict(set)
        for kind in _all():
            if "code" in vars(kind):
                # The consent package has its own tree, and may say what the platform says.
                tree = kind.__module__.partition(".")[0]
                owners[f"{tree}: {kind.code}"].add(kind.__qualname__)

        shared = {code: names for code, names in owners.items() if len(names) > 1}

        assert shared == {}, "two refusals with one code cannot be told apart"

    def test_have_a_status(self) -> None:
        unmapped = [
            kind.__qualname__
            for kind in _all()
            if "code" in vars(kind) and status_of(kind.__new__(kind)) == SERVER_ERROR
        ]

        assert unmapped == [], f"add the code to web/statuses.py ({len(STATUS)} codes are there)"

    def test_speak_both_languages(self) -> None:
        silent = [
            kind.__qualname__ for kind in _all() if "code" in vars(kind) and not all(_words(kind))
        ]

        assert silent == []


def _words(kind: Refusal) -> tuple[str, str]:
    if issubclass(kind, DomainError):
        return kind.text.zh, kind.text.en
    return kind.zh, kind.en

"""Translations read straight from the ``.po`` files, once per process: none can be stale."""

from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import Babel, Domain, get_locale

_LOCALES = ("zh_Hans_CN",)


class Catalogue(Domain):  # type: ignore[misc]  # the library ships no types
    """All parts' translations merged; a language without a catalogue shows the msgids."""

    def __init__(self, folders: list[Path]) -> None:
        super().__init__()
        self._loaded = {name: load(folders, name) for name in _LOCALES}

    def get_translations(self) -> NullTranslations:
        """Translations of the reader's language."""
        return self._loaded.get(str(get_locale()), NullTranslations())


class CatalogueBabel(Babel):  # type: ignore[misc]  # the library ships no types
    """Babel with one catalogue for all requests instead of one read in each."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        self._catalogue = catalogue

    @property
    def domain_instance(self) -> Catalogue:
        """Where texts are looked up."""
        return self._catalogue


def load(folders: list[Path], locale: str) -> Translations:
    """The translations of ``locale`` in ``folders``; a part without a catalogue adds none."""
    merged = Translations()
    for folder in folders:
        path = folder / locale / "LC_MESSAGES" / "messages.po"
        if path.is_file():
            part = _read(path, locale)
            merged.add(part)
            # Merging keeps the first rule of plurals, and that of an empty catalogue is English.
            merged.plural = part.plural
    return merged


def _read(path: Path, locale: str) -> Translations:
    with path.open("rb") as source:
        catalogue = read_po(source, locale=locale)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(fp=compiled)

"""Names in two languages, and folding of Chinese input."""

import unicodedata
from dataclasses import dataclass

_BRACKETS = str.maketrans({"【": "(", "】": ")", "〔": "(", "〕": ")", "[": "(", "]": ")"})


@dataclass(frozen=True, slots=True)
class Text:
    """One name in Chinese and English."""

    zh: str
    en: str

    def pick(self, locale: str) -> str:
        """The name in ``locale``; anything but English falls back to Chinese."""
        return self.en if locale.startswith("en") else self.zh


def fold(value: str) -> str:
    """One form for names that differ only in width, brackets or blanks (Unicode NFKC)."""
    return "".join(unicodedata.normalize("NFKC", value).translate(_BRACKETS).split())

"""Columns' names as words: whatever their case, accents, signs and units."""

import re
import unicodedata
from collections.abc import Collection

_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
# Between words, but not within a plural such as GRPs.
_CAMEL = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])(?![A-Z]s(?![a-z]))"
)
_BRACKETS = re.compile(r"[(\[{][^)\]}]*[)\]}]")
_WORD = re.compile(r"[a-z]+|[0-9]+")


def words(name: str) -> tuple[str, ...]:
    """The words of a name in small ASCII letters, brackets last.

    `Dépenses TV (k€)` → depenses, tv, k; `umsatzNetto` → umsatz, netto;
    `facebook_S` → facebook, s.
    """
    inside = " ".join(_BRACKETS.findall(name))
    text = f"{_BRACKETS.sub(' ', name)} {inside}"
    text = _CAMEL.sub(" ", text).lower().translate(_GERMAN)
    plain = unicodedata.normalize("NFKD", text)
    ascii_only = plain.encode("ascii", "ignore").decode()
    return tuple(_WORD.findall(ascii_only))


def without(found: tuple[str, ...], spare: Collection[str]) -> tuple[str, ...]:
    return tuple(word for word in found if word not in spare)


def contains(found: tuple[str, ...], wanted: str) -> bool:
    """A word of the name, a part of a compound, or words that follow.

    Compounds (`werbekosten`) are looked into from five letters on; `wanted`
    may hold several words (`chiffre affaires`).
    """
    parts = wanted.split()
    if len(parts) > 1:
        return any(
            found[at : at + len(parts)] == tuple(parts)
            for at in range(len(found))
        )
    if wanted in found:
        return True
    return len(wanted) >= 5 and any(wanted in word for word in found)

"""Bring the catalogues up to date with the sources: `make strings`.

New sentences are added empty, those that are gone are removed, and nothing is guessed. No dates, places or line
numbers are written, so that a catalogue changes only where words do.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from app.languages import LANGUAGES

ROOT: Final = Path(__file__).parent.parent
CATALOGUES: Final = ROOT / "app/translations"
TRANSLATED: Final = tuple(language for language in LANGUAGES if language != "en")
_KEYWORDS: Final = {"_": None, "gettext": None, "lazy": None, "noted": None, "ngettext": (1, 2)}
_JINJA: Final = {"extensions": "jinja2.ext.do", "newstyle_gettext": "true", "silent": "false"}


@cache
def extract() -> Catalog:
    """Every sentence of the sources that is to be translated."""
    found = Catalog()
    for message in _list_messages():
        found.add(message)
    return found


def update(language: str) -> str:
    """The catalogue of `language` as it has to be: what is known, and what is new without a translation."""
    known, wanted = read(language), Catalog(locale=language)
    for message in sorted(extract(), key=lambda entry: _key(entry.id)):
        if message.id:
            old = known.get(_key(message.id))
            fits = old is not None and old.pluralizable == message.pluralizable
            wanted.add(message.id, old.string if old is not None and fits else None)
    lines = BytesIO()
    write_po(lines, wanted, width=110, omit_header=True, no_location=True)
    return f"{_header(language)}\n{lines.getvalue().decode()}".rstrip() + "\n"


def read(language: str) -> Catalog:
    path = CATALOGUES / f"{language}.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as source:
        return read_po(source, locale=language)


def _list_messages() -> Iterator[str | tuple[str, ...]]:
    pages = [path for kind in ("html", "liquid") for path in (ROOT / "app/templates").rglob(f"*.{kind}")]
    for path in sorted([*(ROOT / "app").rglob("*.py"), *pages]):
        kind, options = ("python", {}) if path.suffix == ".py" else ("jinja2", _JINJA)
        for _line, message, _comments, _context in extract_from_file(kind, path, keywords=_KEYWORDS, options=options):
            yield message


def _key(message: str | Sequence[str]) -> str:
    return message if isinstance(message, str) else message[0]


def _header(language: str) -> str:
    plural = Catalog(locale=Locale.parse(language)).plural_forms
    return (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {plural}\\n"\n'
    )


if __name__ == "__main__":
    for code in TRANSLATED:
        (CATALOGUES / f"{code}.po").write_text(update(code), "utf-8")

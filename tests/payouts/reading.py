"""What a reader of PDFs finds on a paper."""

import re
from typing import NamedTuple

import pypdfium2


class Letter(NamedTuple):
    letter: str
    left: float
    bottom: float
    right: float


def read_lines(printed: bytes) -> list[str]:
    """The lines of all pages, as they would be copied, without letters that only hold a name together."""
    texts = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(printed)]
    return [re.sub("[\u2068\u2069]", "", line) for text in texts for line in text.splitlines()]


def read_letters(printed: bytes) -> list[Letter]:
    """Each letter of the first page with its place, in points from the left and from the bottom."""
    text = pypdfium2.PdfDocument(printed)[0].get_textpage()
    boxes = ((text.get_text_range(at, 1), text.get_charbox(at)) for at in range(text.count_chars()))
    return [Letter(letter, left, bottom, right) for letter, (left, bottom, right, _) in boxes]


def list_fonts(printed: bytes) -> set[str]:
    """The fonts that lie in the file, each with the letters that are used."""
    return {name.decode() for name in re.findall(rb"/BaseFont\s*/[A-Z]{6}\+([\w-]+?)(?:-Identity-H)?[\s/]", printed)}

"""Tables that come from spreadsheets and go into them."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from app.languages import _
from app.typed import storable

_FORMULA_MARKS: Final = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - spreadsheets take full-width signs, too
_DELIMITERS: Final = ",;\t"


@dataclass(frozen=True, slots=True)
class Line:
    """One record: the line of the file where it begins (quoted cells may hold several), and its cells."""

    number: int
    cells: Sequence[str]


class SheetError(ValueError):
    """The file is no table that can be read; the text says why, for the person who sent it."""


def plain_cell(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula: an apostrophe in front makes it text again."""
    return f"'{text}" if text[:1] in _FORMULA_MARKS else text


def write_sheet(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a CSV file that every spreadsheet opens: times as ISO 8601, None as an empty cell, no formula.

    What can be below zero comes as a number: as text its minus would begin a formula.
    """
    return map(write_line, chain([heading], rows))


def write_line(cells: Iterable[object]) -> str:
    """One of them."""
    line = io.StringIO()
    csv.writer(line).writerow(_written(cell) for cell in cells)
    return line.getvalue()


def _written(cell: object) -> object:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return plain_cell(cell) if isinstance(cell, str) else cell


def read_cell(text: str) -> str:
    """What a cell says: without the apostrophe of `plain_cell`, and without white space around it."""
    return (text[1:] if text[:1] == "'" and text[1:2] in _FORMULA_MARKS else text).strip()


def read_sheet(content: bytes, *, most_lines: int) -> list[Line]:
    """The records of a CSV file that are not empty, whatever program wrote it.

    UTF-8, UTF-16 or Windows-1252; separated by comma, semicolon or tab; quoted cells may hold line breaks. Raises
    SheetError.
    """
    if content[:4] in {b"PK\x03\x04", b"\xd0\xcf\x11\xe0"}:
        raise SheetError(_("This is an Excel workbook. In Excel choose Save as, then CSV UTF-8, and send that file."))
    text = storable(_decode(content)).replace("\r\n", "\n").replace("\r", "\n")
    first, _line_end, rest = text.partition("\n")
    skipped = 0
    if first.lower().strip('" ').startswith("sep=") and len(first.strip('" ')) == 5:
        # Excel's own way to name the separator.
        delimiter, text, skipped = first.strip('" ')[-1], rest, 1
    else:
        delimiter = max(_DELIMITERS, key=_heading(text).count)
    lines: list[Line] = []
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    begin = skipped + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append(Line(begin, [read_cell(cell) for cell in cells]))
            begin = reader.line_num + skipped + 1
            if len(lines) > most_lines + 1:
                raise SheetError(
                    _(
                        "The file has more than %(most_lines)s lines. Split it and send the parts.",
                        most_lines=f"{most_lines:,}",
                    )
                )
    except csv.Error:
        raise SheetError(
            _(
                "The quotation marks beginning in line %(begin)s do not match."
                " Save the file again from your spreadsheet.",
                begin=begin,
            )
        ) from None
    return lines


def _decode(content: bytes) -> str:
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16", errors="replace")
    if content[1:2] == b"\0":
        return content.decode("utf-16-le", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _heading(text: str) -> str:
    """The first line that says something, without what is quoted in it."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    return "".join(first.split('"')[::2]) or first

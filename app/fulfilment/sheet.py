"""A spreadsheet of tracking numbers, as vendors have it from their carrier: order, tracking number, carrier. Pure."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from app.fulfilment.rules import MAX_ORDERS
from app.languages import _, lazy

_NAMES: Final[Mapping[str, frozenset[str]]] = {
    "order": frozenset({"order", "order number", "order name", "name", "reference", "order id"}),
    "tracking": frozenset({"tracking", "tracking number", "tracking no", "tracking code", "number"}),
    "carrier": frozenset({"carrier", "tracking company", "shipping carrier", "courier"}),
}
_EMPTY: Final = lazy("This file has no lines. It needs an order number and a tracking number in each.")
_AS_WRITTEN: Final = ("order", "tracking", "carrier")


class SheetRow(NamedTuple):
    """One line, as it stands in the file. `line` counts from 1, the heading included."""

    line: int
    order: str
    tracking: str
    carrier: str


def read_sheet(data: bytes) -> list[SheetRow]:
    """The lines of a CSV, separated by comma, semicolon or tab, with or without a heading.

    Raises ValueError with a sentence for the vendor.
    """
    text = _decode(data)
    first = text.lstrip().split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=separator, strict=True))
    except csv.Error as error:
        raise ValueError(
            _("This is no table that we can read: %(error)s. Save it as CSV and try again.", error=error)
        ) from None
    lines = [(at, [cell.strip() for cell in row]) for at, row in enumerate(rows, 1) if any(map(str.strip, row))]
    if not lines:
        raise ValueError(_EMPTY)
    places = _read_heading(lines[0][1])
    lines = lines[1:] if places else lines
    if not lines:
        raise ValueError(_EMPTY)
    if len(lines) > MAX_ORDERS:
        raise ValueError(
            _(
                "This file has %(lines)s lines. Send at most %(max_rows)s at a time.",
                lines=len(lines),
                max_rows=MAX_ORDERS,
            )
        )
    at = places or {name: index for index, name in enumerate(_AS_WRITTEN)}
    return [SheetRow(line, *(_cell(row, at.get(name)) for name in _AS_WRITTEN)) for line, row in lines]


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Spreadsheet programs in the west still write this; it reads every byte.
        return data.decode("latin-1")


def _read_heading(cells: Sequence[str]) -> dict[str, int]:
    """Which column is what; empty when the first line is no heading."""
    plain = [" ".join(cell.lower().replace("_", " ").split()) for cell in cells]
    found = {name: at for at, cell in enumerate(plain) for name, words in _NAMES.items() if cell in words}
    return found if "order" in found else {}


def _cell(row: Sequence[str], at: int | None) -> str:
    return row[at].removeprefix("'") if at is not None and at < len(row) else ""

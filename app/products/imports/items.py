"""A product file read into products: its lines put together, each cell checked, errors kept beside their cell."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from app.languages import _
from app.money import minor_exponent, read_amount
from app.products import rules
from app.products.descriptions import clean_description
from app.products.forms import read_stock, wrong_stock
from app.products.imports.columns import NAMES
from app.sheets import Line
from app.typed import tidy, too_long

_LONGEST: Final = {"title": 255, "sku": 64, "seo_title": 70, "seo_description": 160, "description": 60_000}
_WORDS: Final = ("title", "description", "category", "seo_title", "seo_description")
_OF_VARIANT: Final = (
    *("variant", "sku", "price", "stock", "variant_picture"),
    *("option_1_value", "option_2_value", "option_3_value"),
)
_LOCATION: Final = re.compile(r"stock@(\d+)")
_ADDRESS: Final = re.compile(r"https?://[^\s/@]+(/\S*)?", re.IGNORECASE)
_LONGEST_ADDRESS: Final = 2_000
_DECIMAL_COMMA: Final = re.compile(r"-?\d+,\d{1,3}")


class Mistake(NamedTuple):
    """What is wrong in a cell: the file's line, our word for the column, a sentence."""

    line: int
    column: str
    words: str


@dataclass(slots=True)
class Row:
    """What one line says of a variant. None: nothing, so what is there stays."""

    line: int
    values: tuple[str, ...]
    label: str
    price_minor: int | None = None
    sku: str | None = None
    stock: int | None = None
    elsewhere: dict[int, int] = field(default_factory=dict)
    """What lies at locations other than the first."""
    picture: str | None = None
    """The address of the picture that shows it."""


@dataclass(slots=True)
class Item:
    """What a file says of one product. Words that are missing or empty in it are not in `words`."""

    lines: list[Line]
    number: str = ""
    handle: str = ""
    words: dict[str, str] = field(default_factory=dict)
    option_names: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    """Addresses at which pictures lie, each once, in their order."""
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def title(self) -> str:
        return self.words.get("title", "")

    @property
    def options(self) -> tuple[rules.Option, ...]:
        """The options with the values that the lines name, in the order in which they first do."""
        return tuple(
            rules.Option(name, tuple(dict.fromkeys(row.values[place] for row in self.rows)))
            for place, name in enumerate(self.option_names)
        )


def read_items(lines: Sequence[Line], places: Mapping[str, int], currency: str) -> list[Item]:
    """The products of a file's lines (without the headings), in the order in which they first come."""
    groups: dict[tuple[str, str], Item] = {}
    last: Item | None = None
    orphans: list[Item] = []
    for line in lines:
        cells = _named(line, places)
        key = next(((kind, cells[kind].casefold()) for kind in ("number", "handle", "title") if cells.get(kind)), None)
        if key is not None:
            last = groups.setdefault(key, Item([]))
        if last is None:
            words = _("Say which product this line belongs to.")
            orphans.append(Item([line], mistakes=[Mistake(line.number, "title", words)]))
            continue
        last.lines.append(line)
    items = list(groups.values())
    for item in items:
        _fill(item, [(line.number, _named(line, places)) for line in item.lines], currency)
    return sorted([*items, *orphans], key=lambda item: item.lines[0].number)


def as_json(item: Item) -> dict[str, Any]:
    """What the item says, for the row that keeps it."""
    rows = [
        [
            *(row.line, list(row.values), row.label, row.price_minor, row.sku, row.stock),
            *(list(row.elsewhere.items()), row.picture),
        ]
        for row in item.rows
    ]
    return {
        "words": item.words,
        "option_names": list(item.option_names),
        "rows": rows,
        "pictures": item.pictures,
    }


def from_json(kept: Mapping[str, Any]) -> Item:
    rows = [_kept_row(*row) for row in kept["rows"]]
    names, addresses = tuple(kept["option_names"]), list(kept.get("pictures", ()))
    return Item([], words=dict(kept["words"]), option_names=names, rows=rows, pictures=addresses)


def _kept_row(
    line: int,
    values: Sequence[str],
    label: str,
    price_minor: int | None,
    sku: str | None,
    stock: int | None,
    elsewhere: Sequence[tuple[int, int]] = (),
    picture: str | None = None,
) -> Row:
    return Row(line, tuple(values), label, price_minor, sku, stock, dict(elsewhere), picture)


def _named(line: Line, places: Mapping[str, int]) -> dict[str, str]:
    return {name: line.cells[place] for name, place in places.items() if place < len(line.cells)}


def _fill(item: Item, lines: Sequence[tuple[int, dict[str, str]]], currency: str) -> None:
    item.number, item.handle = _one(item, lines, "number"), _one(item, lines, "handle")
    for name in _WORDS:
        text = _one(item, lines, name)
        text = clean_description(text) if name == "description" else tidy(text)
        longest = _LONGEST.get(name)
        if longest and len(text) > longest:
            item.mistakes.append(
                Mistake(
                    lines[0][0],
                    name,
                    _(
                        "Up to %(longest)s characters; this has %(text)s.",
                        longest=f"{longest:,}",
                        text=f"{len(text):,}",
                    ),
                )
            )
        elif text:
            item.words[name] = text
    names = [tidy(_one(item, lines, f"option_{n}_name")) for n in (1, 2, 3)]
    item.option_names = _option_names(item, lines, names)
    for number, cells in lines:
        if any(text for name, text in cells.items() if name in _OF_VARIANT or _LOCATION.fullmatch(name)):
            item.rows.append(_row(item, number, cells, currency))
    _check_rows(item)
    _read_pictures(item, lines)


def _read_pictures(item: Item, lines: Sequence[tuple[int, dict[str, str]]]) -> None:
    """Several in a cell, or, as Shopify writes them, one in each line. A variant's is one of the product's."""
    wrong = _("Write each picture's address in full, beginning with https://, with a space between two.")
    for column in ("pictures", "variant_picture"):
        for number, cells in lines:
            for address in cells.get(column, "").split():
                if not _ADDRESS.fullmatch(address) or len(address) > _LONGEST_ADDRESS:
                    item.mistakes.append(Mistake(number, column, wrong))
                elif address not in item.pictures:
                    item.pictures.append(address)
    if len(item.pictures) > rules.MAX_PICTURES:
        words = _("A product can have up to %(max_pictures)s pictures.", max_pictures=rules.MAX_PICTURES)
        item.mistakes.append(Mistake(lines[0][0], "pictures", words))


def _one(item: Item, lines: Sequence[tuple[int, dict[str, str]]], name: str) -> str:
    """The one value that a product's lines agree on; empty cells agree with everything."""
    said = [(number, cells[name]) for number, cells in lines if cells.get(name)]
    if not said:
        return ""
    first, value = said[0]
    if other := next((number for number, text in said if text != value), None):
        words = _("Line %(first)s says something else. Write the same in both, or leave one empty.", first=first)
        item.mistakes.append(Mistake(other, name, words))
    return value


def _option_names(item: Item, lines: Sequence[tuple[int, dict[str, str]]], names: list[str]) -> tuple[str, ...]:
    plain = all(cells.get("option_1_value", "") in {rules.DEFAULT_VALUE, ""} for _, cells in lines)
    if plain and names[0].casefold() == rules.DEFAULT_OPTION.casefold() and not names[1]:
        # Shopify's own way to write a product without options.
        return ()
    filled = tuple(name for name in names if name)
    if names[: len(filled)] != list(filled):
        item.mistakes.append(Mistake(lines[0][0], "option_1_name", _("Fill option 1 before 2, and 2 before 3.")))
        return ()
    for number, cells in lines:
        for n in range(len(filled) + 1, 4):
            value = cells.get(f"option_{n}_value", "")
            if value and value != rules.DEFAULT_VALUE:
                words = _("Name the option, for example Size, for “%(value)s”.", value=value)
                item.mistakes.append(Mistake(number, f"option_{n}_name", words))
                return filled
    return filled


def _row(item: Item, line: int, cells: Mapping[str, str], currency: str) -> Row:
    values = tuple(tidy(cells.get(f"option_{n}_value"))[:255] for n in range(1, len(item.option_names) + 1))
    row = Row(line, values, tidy(cells.get("variant")))
    for n, value in enumerate(values, start=1):
        if not value:
            words = _("Fill in the value for %(option)s.", option=item.option_names[n - 1])
            item.mistakes.append(Mistake(line, f"option_{n}_value", words))
    if (said := cells.get("currency", "")) and said.upper() != currency:
        words = _(
            "This shop's prices are in %(currency)s. Change the prices and write %(currency)s here.", currency=currency
        )
        item.mistakes.append(Mistake(line, "currency", words))
    row.price_minor = _price(item, line, cells.get("price", ""), currency)
    sku = tidy(cells.get("sku"))
    if len(sku) > _LONGEST["sku"]:
        item.mistakes.append(Mistake(line, "sku", too_long(_LONGEST["sku"])))
    row.sku = sku or None
    row.stock = _count(item, line, cells.get("stock", ""))
    row.picture = next(iter(cells.get("variant_picture", "").split()), None) if item.option_names else None
    for name, text in cells.items():
        if (found := _LOCATION.fullmatch(name)) and (number := _count(item, line, text)) is not None:
            row.elsewhere[int(found[1])] = number
    return row


def _count(item: Item, line: int, text: str) -> int | None:
    if not text:
        return None
    number = read_stock(text)
    if number is None:
        item.mistakes.append(Mistake(line, "stock", wrong_stock()))
    return number


def _price(item: Item, line: int, text: str, currency: str) -> int | None:
    if not text:
        return None
    decimals = len(text.rpartition(",")[2])
    if _DECIMAL_COMMA.fullmatch(text) and decimals <= minor_exponent(currency) and decimals != 3:
        text = text.replace(",", ".")
    try:
        minor = read_amount(text, currency).minor
    except ValueError as error:
        item.mistakes.append(Mistake(line, "price", str(error)))
        return None
    if minor < 0:
        item.mistakes.append(Mistake(line, "price", _("A price is never below zero.")))
        return None
    # What nobody has priced yet is written as 0, and so it is read.
    return minor


def _check_rows(item: Item) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for row in item.rows:
        key = row.values or (row.label,)
        folded = tuple(value.casefold() for value in key)
        if folded in seen and (len(item.rows) > 1):
            words = _(
                "Line %(first)s is about the same variant. Keep one of the two, or tell them apart by an option.",
                first=seen[folded],
            )
            column = "option_1_value" if row.values else "title"
            item.mistakes.append(Mistake(row.line, column, words))
        seen.setdefault(folded, row.line)
    if len(item.rows) > rules.MAX_VARIANTS:
        words = _(
            "A product can have up to %(max_variants)s variants; these are %(rows)s.",
            max_variants=rules.MAX_VARIANTS,
            rows=len(item.rows),
        )
        item.mistakes.append(Mistake(item.rows[0].line, "option_1_value", words))


def heading_of(column: str) -> str:
    """How a column is called in our own files."""
    return NAMES[column][0] if column in NAMES else column

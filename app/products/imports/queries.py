"""Reading product files: their history, one with its rows, and its bad lines as a file to mend."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.keyset import BEGINNING, Page, Place, Sort, only, read_page
from app.languages import _, ngettext
from app.models.products import ImportRowStatus, ImportStatus, Product, ProductImport, ProductImportRow, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products.imports.items import Mistake, heading_of
from app.products.imports.plans import CHOSEN, FETCHED
from app.products.proposal_queries import write_value
from app.products.proposal_rules import label
from app.sheets import write_line

PER_PAGE: Final = 50
_AS_IN_FILE: Final = Sort((ProductImportRow.position, ProductImportRow.id))
_KINDS: Final = ("create", "change", "same", "bad")


@dataclass(frozen=True, slots=True)
class Summary:
    """A file with how many products it would make, change, leave, and how many are wrong; and how far it is."""

    made: ProductImport
    vendor: str
    kinds: Mapping[str, int]
    statuses: Mapping[str, int]

    @property
    def to_do(self) -> int:
        """How many products it makes or changes."""
        return self.kinds["create"] + self.kinds["change"]

    @property
    def worked_on(self) -> int:
        """How many of them are behind it, whatever became of them; while undoing, how many are left to undo."""
        if self.made.status == ImportStatus.UNDOING:
            return self.statuses.get("undone", 0) + self.statuses.get("kept", 0)
        return self.to_do - self.statuses.get("waiting", 0)

    @property
    def wrong(self) -> int:
        """How many products have lines to mend and send again."""
        return self.kinds["bad"] + self.statuses.get("failed", 0)


@dataclass(frozen=True, slots=True)
class Shown:
    """One product of a file in words: what changes from what to what, and what is wrong in which cell."""

    row: ProductImportRow
    changes: Sequence[tuple[str, str, str]]
    mistakes: Sequence[tuple[int, str, str, str]]
    """(line, heading, what the cell says, what is wrong)."""


def list_imports(
    session: Session,
    shop_id: int,
    *,
    vendor_id: int | None = None,
    search: str = "",
    status: str = "",
    place: Place = BEGINNING,
    limit: int = PER_PAGE,
) -> Page[Summary]:
    """Files of one vendor or of all, newest first. `search`: a part of a file's or a vendor's name."""
    query = select(ProductImport, Vendor.name).join(Vendor, Vendor.id == ProductImport.vendor_id)
    query = query.where(ProductImport.shop_id == shop_id)
    if vendor_id is not None:
        query = query.where(ProductImport.vendor_id == vendor_id)
    if search:
        names = (ProductImport.filename, Vendor.name)
        query = query.where(or_(*(name.icontains(search, autoescape=True) for name in names)))
    if status in set(ImportStatus):
        query = query.where(ProductImport.status == status)
    newest = Sort((ProductImport.id,), is_descending=True)
    page = read_page(session, query, newest, place, limit=limit, make=lambda made, name: (made, name))
    return page.with_rows(_summarise(session, page.rows))


def get_import(session: Session, shop_id: int, import_id: int, *, vendor_id: int | None = None) -> Summary:
    """Raises NotFound for another shop's or another vendor's."""
    query = select(ProductImport, Vendor.name).join(Vendor, Vendor.id == ProductImport.vendor_id)
    query = query.where(ProductImport.shop_id == shop_id, ProductImport.id == import_id)
    if vendor_id is not None:
        query = query.where(ProductImport.vendor_id == vendor_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(_("There is no such file."))
    return _summarise(session, [(row[0], row[1])])[0]


def list_rows(
    session: Session,
    summary: Summary,
    *,
    show: str = "",
    search: str = "",
    place: Place = BEGINNING,
    limit: int = PER_PAGE,
) -> Page[Shown]:
    """The file's products as they stand in it. `show`: an action, or the status "failed" or "kept"."""
    query = select(ProductImportRow).where(*_matching(summary.made, show))
    if search:
        query = query.where(ProductImportRow.title.icontains(search, autoescape=True))
    page = read_page(session, query, _AS_IN_FILE, place, limit=limit, make=only)
    ids = {row.product_id for row in page.rows if row.product_id and row.action == "change"}
    with_options = Product.options != []
    variants = select(Variant.id, Variant.option_values, with_options).join(Product, Product.id == Variant.product_id)
    found = session.execute(variants.where(Variant.product_id.in_(ids))).all() if ids else []
    names = {key: " / ".join(values) if has_options else "" for key, values, has_options in found}
    currency = session.get_one(Shop, summary.made.shop_id).currency_at(summary.made.created_at)
    return page.with_rows([_show(summary.made, row, names, currency) for row in page.rows])


def write_bad_lines(session: Session, made: ProductImport) -> Iterable[str]:
    """The lines that were not taken in, as they came, with what is wrong in a last column."""
    yield write_line([*made.headings, "Error"])
    query = select(ProductImportRow).where(*_matching(made, "wrong")).order_by(ProductImportRow.position)
    for row in session.scalars(query):
        by_line: dict[int, list[str]] = {}
        for line, column, words in map(_mistake, row.mistakes):
            by_line.setdefault(line, []).append(f"{heading_of(column)}: {words}")
        said_at = min(by_line, default=0)
        for line, cells in row.lines:
            error = (
                " ".join(by_line.get(line, ()))
                or row.words
                or _("See line %(said_at)s of the file that was sent.", said_at=said_at)
            )
            padded = [*cells, *[""] * (len(made.headings) - len(cells))]
            yield write_line([*padded[: len(made.headings)], error])


def _matching(made: ProductImport, show: str) -> list[ColumnElement[bool]]:
    where = [ProductImportRow.import_id == made.id]
    if show == "wrong":
        where.append((ProductImportRow.action == "bad") | (ProductImportRow.status == ImportRowStatus.FAILED))
    elif show in _KINDS:
        where.append(ProductImportRow.action == show)
    elif show in set(ImportRowStatus):
        where.append(ProductImportRow.status == show)
    return where


def _summarise(session: Session, found: Sequence[tuple[ProductImport, str]]) -> Sequence[Summary]:
    counts: dict[int, tuple[dict[str, int], dict[str, int]]] = {
        made.id: (dict.fromkeys(_KINDS, 0), {}) for made, _ in found
    }
    query = (
        select(ProductImportRow.import_id, ProductImportRow.action, ProductImportRow.status, func.count())
        .where(ProductImportRow.import_id.in_(counts))
        .group_by(ProductImportRow.import_id, ProductImportRow.action, ProductImportRow.status)
    )
    for import_id, action, status, count in session.execute(query):
        kinds, statuses = counts[import_id]
        kinds[action] += count
        statuses[status.value] = statuses.get(status.value, 0) + count
    return [Summary(made, vendor, *counts[made.id]) for made, vendor in found]


def _show(made: ProductImport, row: ProductImportRow, names: Mapping[int, str], currency: str) -> Shown:
    places = {heading.casefold(): place for place, heading in enumerate(made.headings)}
    cells = dict(row.lines)
    mistakes = []
    for line, column, words in map(_mistake, row.mistakes):
        heading = heading_of(column)
        place = places.get(heading.casefold())
        held = cells.get(line, [])
        mistakes.append((line, heading, held[place] if place is not None and place < len(held) else "", words))
    changes = [
        (label(field, names), write_value(field, was, currency), write_value(field, now, currency))
        for field, (was, now) in row.changes.items()
        if row.action == "change" and field not in {"options", FETCHED, CHOSEN}
    ]
    if FETCHED in row.changes:
        fetched = len(row.changes[FETCHED][1])
        changes.append((_("Pictures"), "", ngettext("%(num)s more picture", "%(num)s more pictures", fetched)))
    for key, address in row.changes.get(CHOSEN, [[], []])[1]:
        name = names.get(key, "") if isinstance(key, int) else " / ".join(key)
        changes.append((label("picture 0", {0: name}), "", address))
    return Shown(row, changes, mistakes)


def _mistake(kept: Sequence[Any]) -> Mistake:
    return Mistake(*kept)

"""The verbs of a product file: read and plan it, start, stop and undo it. What a job then does is in work.py."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import Conflict, NotFound, ValidationErrors
from app.languages import _
from app.live.channels import announce
from app.models.products import ImportRowStatus, ImportStatus, ProductImport, ProductImportRow
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products.imports import matching, plans
from app.products.imports.columns import MOST_BYTES, MOST_LINES, find_columns
from app.products.imports.items import Item, Mistake, as_json, read_items
from app.queue import enqueue_after_commit
from app.sheets import SheetError, read_sheet

JOB = "jobs.catalogue.carry_on_import"


class File:
    """A file that could be read: its products, with the mistakes that show without looking at anything else."""

    def __init__(self, name: str, content: bytes, currency: str, locations: Mapping[int, str] | None = None) -> None:
        """Raises ValidationErrors on the field `file`."""
        if not content:
            raise ValidationErrors({"file": _("Choose a file with products in it.")})
        if len(content) > MOST_BYTES:
            raise ValidationErrors(
                {
                    "file": _(
                        "A file may have up to %(megabytes)s MB. Split it.",
                        megabytes=MOST_BYTES // 1024 // 1024,
                    )
                }
            )
        try:
            lines = read_sheet(content, most_lines=MOST_LINES)
            places, self.unread = find_columns(lines[0].cells if lines else (), locations)
        except SheetError as error:
            raise ValidationErrors({"file": str(error)}) from None
        if len(lines) < 2:
            raise ValidationErrors({"file": _("The file has no line with a product in it.")})
        self.name, self.headings = name[:200], list(lines[0].cells)
        self.items = read_items(lines[1:], places, currency)

    @property
    def categories(self) -> set[str]:
        """The categories that it names."""
        return {item.words["category"] for item in self.items if "category" in item.words}


def plan_import(
    session: Session, shop: Shop, vendor: Vendor, file: File, categories: Mapping[str, dict[str, Any]], *, actor: str
) -> ProductImport:
    """Keep a file with what it would do. Nothing else is changed. `categories`: those found, by lower-case name."""
    made = ProductImport(
        shop_id=shop.id,
        vendor_id=vendor.id,
        filename=file.name,
        headings=file.headings,
        unread=file.unread,
        sent_by=actor,
    )
    session.add(made)
    session.flush()
    matched, unsure = matching.match_products(session, shop.id, vendor.id, file.items)
    held = matching.hold(session, {product_id for product_id in matched if product_id})
    seen: dict[int, int] = {}
    for position, (item, product_id) in enumerate(zip(file.items, matched, strict=True), start=1):
        line = item.lines[0].number
        if position - 1 in unsure:
            words = _("You have several products of this title. Write the product number, as an export has it.")
            item.mistakes.append(Mistake(line, "title", words))
        if product_id in seen:
            words = _(
                "Line %(first)s is about the same product. Put the lines under one title or number.",
                first=seen[product_id],
            )
            item.mistakes.append(Mistake(line, "title", words))
        elif product_id:
            seen[product_id] = line
        category = _category(item, categories)
        plan = plans.compare(held[product_id], item, category) if product_id else _plan_new(item)
        session.add(_row(made, position, item, product_id, plan, category))
    audit.record(session, shop.id, "import.read", ("import", made.id), actor=actor, vendor_id=vendor.id)
    session.flush()
    return made


def start(session: Session, made: ProductImport, *, actor: str) -> None:
    """Do what was planned, in a job. Raises Conflict when it was started, or nothing is to be done."""
    if made.status != ImportStatus.PLANNED:
        raise Conflict(_("This file was started already."))
    check_currency(session.get_one(Shop, made.shop_id), made)
    if not _count(session, made, ImportRowStatus.WAITING):
        raise Conflict(_("Nothing in this file would change anything."))
    _move(session, made, ImportStatus.RUNNING, "import.start", actor)


def check_currency(shop: Shop, made: ProductImport) -> None:
    """Raises Conflict when the shop has sold in another currency since: the file's prices mean nothing in it."""
    if shop.currency_at(made.created_at) != shop.currency:
        words = _("The shop sells in %(currency)s now. Send the file again with prices in it.", currency=shop.currency)
        raise Conflict(words)


def cancel(session: Session, made: ProductImport, *, actor: str) -> None:
    """Stop after the product at hand. Raises Conflict when it is done."""
    if made.status != ImportStatus.RUNNING:
        raise Conflict(_("It is not running any more."))
    _move(session, made, ImportStatus.CANCELLED, "import.cancel", actor)
    made.finished_at = clock.now()


def undo(session: Session, made: ProductImport, *, actor: str) -> None:
    """Take back what it did, in a job. Raises Conflict."""
    if made.status not in {ImportStatus.DONE, ImportStatus.CANCELLED}:
        raise Conflict(_("Only what is finished or stopped can be undone."))
    if not _count(session, made, ImportRowStatus.DONE):
        raise Conflict(_("It changed nothing, so there is nothing to undo."))
    _move(session, made, ImportStatus.UNDOING, "import.undo", actor)


def discard(session: Session, made: ProductImport) -> None:
    """Forget a file that was never started. Raises Conflict."""
    if made.status != ImportStatus.PLANNED:
        raise Conflict(_("This file was started already."))
    session.execute(delete(ProductImport).where(ProductImport.id == made.id))


def lock_import(session: Session, shop_id: int, vendor_id: int, import_id: int) -> ProductImport:
    """Raises NotFound for another vendor's."""
    query = select(ProductImport).where(
        ProductImport.shop_id == shop_id, ProductImport.vendor_id == vendor_id, ProductImport.id == import_id
    )
    made = session.scalar(query.with_for_update())
    if made is None:
        raise NotFound(_("There is no such file."))
    return made


def _category(item: Item, categories: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    name = item.words.get("category")
    if name is None:
        return None
    found = categories.get(name.casefold())
    if found is None:
        words = _("Shopify has no category of this name. Write it in full, such as “Home & Garden > Decor > Vases”.")
        item.mistakes.append(Mistake(item.lines[0].number, "category", words))
    return found


def _plan_new(item: Item) -> plans.Plan:
    return plans.Plan(mistakes=[] if item.mistakes else plans.check_new(item))


def _row(
    made: ProductImport,
    position: int,
    item: Item,
    product_id: int | None,
    plan: plans.Plan,
    category: dict[str, Any] | None,
) -> ProductImportRow:
    mistakes: Sequence[Mistake] = [*item.mistakes, *plan.mistakes]
    action = "bad" if mistakes else plan.action if product_id else "create"
    return ProductImportRow(
        shop_id=made.shop_id,
        vendor_id=made.vendor_id,
        import_id=made.id,
        position=position,
        title=(item.title or item.number or item.handle)[:255],
        action=action,
        status=ImportRowStatus.WAITING if action in {"create", "change"} else ImportRowStatus.SKIPPED,
        product_id=product_id,
        lines=[[line.number, list(line.cells)] for line in item.lines],
        item=as_json(item) | {"category": category},
        mistakes=[list(mistake) for mistake in mistakes],
        changes=plan.changes,
        added=[list(variant.option_values) for variant in plan.added],
    )


def _move(session: Session, made: ProductImport, status: ImportStatus, action: str, actor: str) -> None:
    made.status, made.touched_at, made.finished_at = status, clock.now(), None
    audit.record(session, made.shop_id, action, ("import", made.id), actor=actor, vendor_id=made.vendor_id)
    session.flush()
    announce(session, made.shop_id, "ProductImport", made.vendor_id)
    if status in {ImportStatus.RUNNING, ImportStatus.UNDOING}:
        enqueue_after_commit(session, JOB, made.shop_id, made.id, queue="catalogue")


def _count(session: Session, made: ProductImport, status: ImportRowStatus) -> int:
    query = select(ProductImportRow.id).where(ProductImportRow.import_id == made.id, ProductImportRow.status == status)
    return 1 if session.scalar(query.limit(1)) else 0

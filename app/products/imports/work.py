"""Doing and undoing what a product file says: one product a transaction, so that it may be killed anywhere.

A row's status is written with the product it is about: whatever was interrupted is either done or still waits.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from app import clock
from app.db import scoped
from app.errors import AppError, Conflict
from app.languages import _
from app.live.channels import announce
from app.models.products import (
    ImportRowStatus,
    ImportStatus,
    Product,
    ProductImport,
    ProductImportRow,
    ProductProposal,
    ProductStatus,
    ProposalStatus,
)
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus
from app.products import fetching, prices, proposal_rules, proposals, rules, service, trail
from app.products.imports import matching, plans
from app.products.imports.items import Item, from_json
from app.products.imports.service import JOB, check_currency
from app.queue import enqueue

_RUN_SECONDS: Final = 20.0
_TELL_SECONDS: Final = 1.0
_WORKING: Final = {
    ImportStatus.RUNNING: (ImportRowStatus.WAITING, ImportStatus.DONE),
    ImportStatus.UNDOING: (ImportRowStatus.DONE, ImportStatus.UNDONE),
}

log = structlog.get_logger()


def carry_on(shop_id: int, import_id: int, *, seconds: float = _RUN_SECONDS) -> None:
    """Go on with a file for so many seconds; what is left is rung for again. Repeatable."""
    with scoped(shop_id) as session:
        made = session.get(ProductImport, import_id)
        if made is None:
            return
        vendor_id = made.vendor_id
    until, tell_at = time.monotonic() + seconds, 0.0
    while time.monotonic() < until:
        tell = time.monotonic() >= tell_at
        if not _work_on_next(shop_id, vendor_id, import_id, tell=tell):
            return
        if tell:
            tell_at = time.monotonic() + _TELL_SECONDS
    enqueue(JOB, shop_id, import_id, queue="catalogue")


def _work_on_next(shop_id: int, vendor_id: int, import_id: int, *, tell: bool) -> bool:
    """False when nothing is left to do now."""
    with scoped(shop_id, vendor_id) as session:
        # The lock keeps a second worker and Cancel away from the product at hand, and no longer.
        made = session.get_one(ProductImport, import_id, with_for_update=True)
        if made.status not in _WORKING:
            return False
        if made.status == ImportStatus.RUNNING and not _may_go_on(session, made):
            made.status, made.finished_at = ImportStatus.CANCELLED, clock.now()
            announce(session, shop_id, "ProductImport", vendor_id)
            return False
        waiting, end = _WORKING[made.status]
        row = _find_next(session, made, waiting)
        if row is None:
            if not _is_left(session, made, waiting):
                made.status, made.finished_at = end, clock.now()
                announce(session, shop_id, "ProductImport", vendor_id)
            # What is left waits for an edit on its way to Shopify; the sweep comes back for it.
            return False
        made.touched_at = clock.now()
        try:
            with session.begin_nested():
                (_do if made.status == ImportStatus.RUNNING else _undo)(session, made, row)
        except AppError as error:
            _fail(made, row, error.message)
        except Exception:
            log.exception("import_row_failed", import_id=import_id, row=row.id)
            _fail(made, row, _("Something on our side failed, and nothing was changed."))
        if tell:
            announce(session, shop_id, "ProductImport", vendor_id)
    return True


def _may_go_on(session: Session, made: ProductImport) -> bool:
    """Whoever was suspended meanwhile changes nothing any more. What was done can be undone."""
    return session.get_one(Vendor, made.vendor_id).status == VendorStatus.APPROVED


def _find_next(session: Session, made: ProductImport, waiting: ImportRowStatus) -> ProductImportRow | None:
    on_its_way = exists().where(
        ProductProposal.product_id == ProductImportRow.product_id, ProductProposal.status == ProposalStatus.ACCEPTED
    )
    query = select(ProductImportRow).where(
        ProductImportRow.import_id == made.id, ProductImportRow.status == waiting, ~on_its_way
    )
    return session.scalar(query.order_by(ProductImportRow.position).limit(1))


def _is_left(session: Session, made: ProductImport, waiting: ImportRowStatus) -> bool:
    left = (ProductImportRow.import_id == made.id, ProductImportRow.status == waiting)
    return session.scalar(select(ProductImportRow.id).where(*left).limit(1)) is not None


def _fail(made: ProductImport, row: ProductImportRow, words: str) -> None:
    row.status = ImportRowStatus.FAILED if made.status == ImportStatus.RUNNING else ImportRowStatus.KEPT
    row.words = words


# -- doing -------------------------------------------------------------------------------------------------------------


def _do(session: Session, made: ProductImport, row: ProductImportRow) -> None:
    shop = session.get_one(Shop, made.shop_id)
    check_currency(shop, made)
    words = _create(session, shop, made, row) if row.action == "create" else _change(session, shop, made, row)
    row.status, row.words = ImportRowStatus.DONE, words


def _create(session: Session, shop: Shop, made: ProductImport, row: ProductImportRow) -> str:
    vendor = session.get_one(Vendor, made.vendor_id)
    item = from_json(row.item)
    content, variants = plans.content_of(item, row.item["category"])
    product = service.create_draft(session, shop, vendor, content.title, actor=made.sent_by)
    service.save_draft(session, shop, product, content, variants)
    fetching.add_addresses(session, product, item.pictures)
    _choose(session, product, item)
    row.product_id, row.changes = product.id, {"version": [None, product.updated_at.isoformat()]}
    return _("A new draft.")


def _change(session: Session, shop: Shop, made: ProductImport, row: ProductImportRow) -> str:
    """Compared again with what is there now: the plan may be of yesterday."""
    if row.product_id is None:
        raise Conflict(_("The product is gone."))
    product = service.lock_product(session, made.shop_id, row.product_id, vendor_id=made.vendor_id)
    prices.check(session, product)
    held = matching.hold(session, [product.id])[product.id]
    plan = plans.compare(held, from_json(row.item), row.item["category"])
    if plan.mistakes:
        raise Conflict(plan.mistakes[0].words)
    added: list[int] = []
    if plan.added and "variants" not in plan.changes:
        added = service.add_variants(session, shop, product, plan.options, plan.added)
    row.changes = plan.changes | ({"options": [_as_list(held.options), product.options]} if added else {})
    row.added = added
    wanted = {f: change[1] for f, change in plan.changes.items()}
    addresses, chosen = wanted.pop(plans.FETCHED, []), wanted.pop(plans.CHOSEN, [])
    words = ""
    if chosen:
        row.changes = row.changes | {plans.CHOSEN: [_shown(session, product), chosen]}
    if product.status in rules.EDITABLE:
        fetching.add_addresses(session, product, addresses)
        _choose(session, product, from_json(row.item))
        words = _("Changed in the draft.") if addresses or chosen else ""
    elif addresses or chosen:
        fetching.add_to_edit(session, product, addresses, [(key, at) for key, at in chosen], actor=made.sent_by)
        words = _("The pictures are fetched and become part of an edit; on sale it stays as it is.")
    if wanted or not words:
        words = _write(session, product, wanted, made.sent_by)
    return words if plan.changes or added else _("It was so already.")


def _shown(session: Session, product: Product) -> list[list[int | None]]:
    """[variant, its picture] as it is."""
    return [[row.id, row.image_id] for row in service.list_variants(session, product)]


def _choose(session: Session, product: Product, item: Item) -> None:
    """Have a draft's variants show the pictures that the file names for them, those still to be fetched included."""
    images = service.list_images(session, product)
    by_address = {at: image.id for image in images for at in (image.url, image.fetched_from) if at}
    wanted = {tuple(value.casefold() for value in row.values): row.picture for row in item.rows if row.picture}
    for variant in service.list_variants(session, product):
        address = wanted.get(tuple(value.casefold() for value in variant.option_values))
        if address in by_address:
            variant.image_id = by_address[address]


def _write(session: Session, product: Product, wanted: proposal_rules.Snapshot, actor: str) -> str:
    """Put values by field into a product: at once into a draft, as a proposal where it is on sale."""
    counts = {place: v for f, v in wanted.items() if (place := _stock_of(f)) is not None}
    words = {f: value for f, value in wanted.items() if _stock_of(f) is None}
    if counts:
        stock = {variant_id: v for (variant_id, location), v in counts.items() if location is None}
        elsewhere = {(variant_id, location): v for (variant_id, location), v in counts.items() if location is not None}
        service.set_stock(session, product, stock, actor=actor, elsewhere=elsewhere)
    if not words:
        return _("The stock is set.")
    if product.status in rules.EDITABLE:
        service.write_fields(session, product, words)
        trail.record(session, product, "import", actor, changes={"fields": [None, sorted(words)]})
        return _("Changed in the draft.")
    outcome = proposals.propose(session, product, words, actor=actor)
    return _("Waits for an answer; on sale it stays as it is.") if outcome.waiting else _("On its way to the shop.")


def _stock_of(field: str) -> tuple[int, int | None] | None:
    """(variant, location; None for the first) of a field that counts stock."""
    kind, variant_id = proposal_rules.variant_of(field)
    word, _sep, location = kind.partition("@")
    return (variant_id, int(location) if location else None) if word == "stock" and variant_id else None


def _unfetch(
    session: Session, product: Product, fetched: Sequence[str], shown: Sequence[tuple[int, int | None]]
) -> None:
    """Take a file's pictures from a draft; its variants show what they did before, where that is still there."""
    before = dict(shown)
    images = service.list_images(session, product)
    kept = {image.id for image in images if image.fetched_from not in fetched}
    for variant in service.list_variants(session, product):
        if variant.image_id not in kept or variant.id in before:
            variant.image_id = before.get(variant.id) if before.get(variant.id) in kept else None
    for image in images:
        if image.id not in kept:
            session.delete(image)


def _as_list(options: tuple[rules.Option, ...]) -> list[dict[str, Any]]:
    return [{"name": option.name, "values": list(option.values)} for option in options]


# -- undoing -----------------------------------------------------------------------------------------------------------


def _undo(session: Session, made: ProductImport, row: ProductImportRow) -> None:
    if row.product_id is None:
        row.status, row.words = ImportRowStatus.UNDONE, _("It was gone already.")
        return
    if row.action != "create" and proposal_rules.names_prices(row.changes):
        check_currency(session.get_one(Shop, made.shop_id), made)
    product = service.lock_product(session, made.shop_id, row.product_id, vendor_id=made.vendor_id)
    row.words = (_remove if row.action == "create" else _set_back)(session, made, row, product)
    row.status = ImportRowStatus.UNDONE


def _remove(session: Session, made: ProductImport, row: ProductImportRow, product: Product) -> str:
    if product.status == ProductStatus.PUBLISHED:
        raise Conflict(_("It is on sale by now, so it stays. Take it off sale if you do not want it."))
    if product.status == ProductStatus.ARCHIVED:
        return _("It was archived already.")
    made_at = datetime.fromisoformat(row.changes["version"][1])
    untouched = made_at == product.updated_at and product.shopify_gid is None
    if untouched and all(image.fetched_from for image in service.list_images(session, product)):
        trail.record(session, product, "remove", made.sent_by)
        session.execute(delete(Product).where(Product.id == product.id))
        return _("Removed.")
    service.take_back(session, product, "archive", actor=made.sent_by)
    return _("Archived rather than removed: it was worked on since.")


def _set_back(session: Session, made: ProductImport, row: ProductImportRow, product: Product) -> str:
    """Back to what was there before, but for what somebody has changed since."""
    held = matching.hold(session, [product.id])[product.id]
    ours = {f: change for f, change in row.changes.items() if f not in {"options", plans.FETCHED, plans.CHOSEN}}
    back = {f: was for f, (was, now) in ours.items() if f in held.content and proposal_rules.same(held.content[f], now)}
    left = [f for f, (was, _) in ours.items() if f not in back and not proposal_rules.same(held.content.get(f), was)]
    fetched, shown = row.changes.get(plans.FETCHED, [[], []])[1], row.changes.get(plans.CHOSEN, [[], []])[0]
    is_more = fetched or shown or row.added or any(_stock_of(f) is None for f in back)
    if is_more and product.status not in {*rules.EDITABLE, ProductStatus.PUBLISHED}:
        raise Conflict(_("It is not a draft and not on sale now, so it stays as it is."))
    if fetched and product.status == ProductStatus.PUBLISHED:
        back = fetching.without_fetched(session, product, fetched, dict(shown)) | back
    elif product.status in rules.EDITABLE:
        _unfetch(session, product, fetched, shown)
    if row.added and product.status in rules.EDITABLE:
        service.remove_variants(session, product, row.changes["options"][0], row.added)
    elif not back and not fetched and left:
        raise Conflict(_("All of it was changed since, so it stays."))
    if back:
        _write(session, product, back, made.sent_by)
    if product.status == ProductStatus.PUBLISHED:
        fetching.forget_fetched(session, product, fetched)
    if not back and not is_more and not left:
        return _("It was so already.")
    waits = _("Waits for an answer; on sale it stays as it is.") if _waits(session, product, back) else ""
    if left:
        names = {key: " / ".join(values) if held.options else "" for values, key in held.variants.items()}
        names_left = ", ".join(proposal_rules.describe(left, names))
        words = _("Set back, but for what was changed since: %(names)s.", names=names_left)
        return f"{words} {waits}".strip()
    return waits or _("Set back.")


def _waits(session: Session, product: Product, back: proposal_rules.Snapshot) -> bool:
    """Whether something that was to be set back on sale is an edit that waits for the staff."""
    edit = proposals.find_open(session, product)
    return edit is not None and any(field in edit.changes for field in back)

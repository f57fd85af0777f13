"""The verbs that change products: what a vendor does to a draft, and what the marketplace decides about it.

Our row decides; Shopify follows in jobs (app/products/sync.py), which find their work in the row if a ring is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as filled
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, events
from app.config import get_config
from app.emails.service import queue_email
from app.errors import Conflict, NotFound, ValidationErrors
from app.languages import _
from app.models.products import (
    OPEN_PROPOSAL,
    Product,
    ProductImage,
    ProductProposal,
    ProductStatus,
    ProposalStatus,
    Variant,
)
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor, VendorStatus
from app.products import approvals, parts, places, prices, proposal_rules, rules, trail
from app.products.descriptions import plain_text
from app.queue import enqueue_after_commit

_MAIL_AFTER: Final = {"ask_for_changes": "product_changes_requested", "reject": "product_rejected"}
_EVENT_AFTER: Final = {
    "submit": "ProductSubmitted",
    "ask_for_changes": "ProductChangesRequested",
    "reject": "ProductRejected",
    "withdraw": "ProductWithdrawn",
    "archive": "ProductArchived",
    "restore": "ProductRestored",
}


@dataclass(frozen=True, slots=True)
class Content:
    """What the vendor says about a product."""

    title: str
    description_html: str
    category_gid: str | None
    category_name: str | None
    attributes: list[dict[str, Any]]
    seo_title: str
    seo_description: str
    options: tuple[rules.Option, ...]


@dataclass(frozen=True, slots=True)
class VariantContent:
    """One variant: a value for each option, its price in minor units (0: not said yet), its stock at the first
    location and, by location, elsewhere.
    """

    option_values: tuple[str, ...]
    price_minor: int
    sku: str
    stock: int
    elsewhere: Mapping[int, int] = filled(default_factory=dict)
    image_id: int | None = None
    """Which of the product's pictures shows it."""


def create_draft(session: Session, shop: Shop, vendor: Vendor, title: str, *, actor: str) -> Product:
    """A new draft with its one default variant."""
    product = Product(shop_id=shop.id, vendor_id=vendor.id, title=title)
    session.add(product)
    session.flush()
    session.add(_variant(product, shop.currency, VariantContent((rules.DEFAULT_VALUE,), 0, "", 0), 1))
    trail.record(session, product, "create", actor)
    return product


def save_draft(
    session: Session, shop: Shop, product: Product, content: Content, variants: Sequence[VariantContent]
) -> None:
    """Write a draft's content and variants. Variants keep their row, and so their stock in Shopify, by their values.

    Raises Conflict when the product is not a draft any more.
    """
    if product.status not in rules.EDITABLE:
        raise Conflict(_("This product was sent for review meanwhile, so nothing was saved. Withdraw it to change it."))
    product.title, product.description_html = content.title, content.description_html
    product.category_gid, product.category_name = content.category_gid, content.category_name
    product.attributes = content.attributes
    product.seo_title, product.seo_description = content.seo_title, content.seo_description
    product.options = [{"name": option.name, "values": list(option.values)} for option in content.options]
    product.updated_at = clock.now()
    held = {tuple(row.option_values): row for row in list_variants(session, product)}
    image_ids = {image.id for image in list_images(session, product)}
    counted: list[tuple[Variant, VariantContent]] = []
    for position, wanted in enumerate(variants, start=1):
        row = held.pop(wanted.option_values, None)
        if row is None:
            row = _variant(product, shop.currency, wanted, position)
            session.add(row)
        else:
            row.position, row.price_minor, row.currency = position, wanted.price_minor, shop.currency
            row.sku = wanted.sku
        row.image_id = wanted.image_id if wanted.image_id in image_ids else None
        counted.append((row, wanted))
    for row in held.values():
        session.delete(row)
    session.flush()
    places.count(session, product, [row for row, _ in counted], _counts(counted))


def add_variants(
    session: Session, shop: Shop, product: Product, options: Sequence[rules.Option], added: Sequence[VariantContent]
) -> list[int]:
    """Give a draft more variants, and the values they need to its options. Returns the new ids. Raises Conflict."""
    if wrong := rules.check_options(options):
        raise Conflict(next(iter(wrong.values())))
    held = list_variants(session, product)
    if len(held) + len(added) > rules.MAX_VARIANTS:
        raise Conflict(_("A product can have up to %(max_variants)s variants.", max_variants=rules.MAX_VARIANTS))
    product.options = [{"name": option.name, "values": list(option.values)} for option in options]
    product.updated_at = clock.now()
    last = max((row.position for row in held), default=0)
    rows = [_variant(product, shop.currency, content, last + n) for n, content in enumerate(added, start=1)]
    session.add_all(rows)
    session.flush()
    places.count(session, product, rows, _counts(list(zip(rows, added, strict=True))))
    return [row.id for row in rows]


def remove_variants(
    session: Session, product: Product, options: list[dict[str, Any]], variant_ids: Sequence[int]
) -> None:
    """Take variants of a draft away again, and with them the values of `options` that nothing has any more."""
    for row in list_variants(session, product):
        if row.id in variant_ids:
            session.delete(row)
    session.flush()
    used = [set(values) for values in zip(*(row.option_values for row in list_variants(session, product)), strict=True)]
    was = [set(option["values"]) for option in options]
    product.options = [
        {"name": option["name"], "values": [value for value in option["values"] if value in used[n] | was[n]]}
        for n, option in enumerate(product.options)
    ]
    product.updated_at = clock.now()


def set_stock(
    session: Session,
    product: Product,
    stock: Mapping[int, int],
    *,
    actor: str,
    elsewhere: Mapping[tuple[int, int], int] | None = None,
) -> int:
    """Set the stock of variants, by id, at the first location; `elsewhere` by (variant, location).

    For a product that Shopify has, the change is told there at once. Returns how many counts changed.
    """
    counted: dict[tuple[int, int | None], int] = {(key, None): number for key, number in stock.items()}
    changes = places.count(session, product, list_variants(session, product), counted | dict(elsewhere or {}))
    if changes:
        trail.record(session, product, "set_stock", actor, changes=changes)
        session.flush()
        _ring(session, "push_stock", product)
    return len(changes)


def tell_attributes(session: Session, product: Product) -> None:
    """Have Shopify told what the category asks, answered: after each writing of the whole product, which drops it."""
    if product.attributes or product.attributes_told:
        product.attributes_wanted_at = clock.now()
        session.flush()
        _ring(session, "push_attributes", product)


def tell_stock(session: Session, product: Product) -> None:
    """What lies elsewhere than at the first location is told once Shopify has the product."""
    if any(places.list_levels(session, list_variants(session, product)).values()):
        _ring(session, "push_stock", product)


def move(session: Session, product: Product, action: str, *, actor: str, reason: str | None = None) -> None:
    """One of rules.MOVES on a locked row. Raises Conflict when the state does not allow it."""
    before, after = product.status, rules.state_after(action, product.status)
    if after is None:
        raise Conflict(
            _("“%(title)s” has moved on, so this is no longer possible. Look at it again.", title=product.title)
        )
    product.status = ProductStatus(after)
    product.status_reason = reason
    product.updated_at = clock.now()
    if action in {"submit", "withdraw", "archive", "reject", "ask_for_changes"}:
        product.reviewed_at = None
    if before == ProductStatus.PUBLISHED:
        # As long as it was on sale, its row said what Shopify says.
        product.content_told = product.content_told | parts.words_of(product)
        _end_edits(session, product, keep=action == "withdraw")
    trail.record(session, product, action, actor, reason=reason, changes={"status": [before, after]})
    if action in _EVENT_AFTER:
        events.publish(
            session, product.shop_id, _EVENT_AFTER[action], vendor_id=product.vendor_id, product_id=product.id
        )
    session.flush()


def submit(session: Session, product: Product, *, actor: str) -> None:
    """Send a draft to the marketplace. Raises ValidationErrors naming what is missing."""
    vendor = session.get_one(Vendor, product.vendor_id)
    if vendor.status != VendorStatus.APPROVED:
        raise Conflict(_("Your shop is paused, so products cannot be sent for review now."))
    prices.check(session, product)
    variants, images = list_variants(session, product), list_images(session, product)
    missing = rules.missing_for_submit(
        product.title,
        plain_text(product.description_html),
        [row.price_minor for row in variants],
        [bool(image.url) for image in images],
    )
    if missing:
        raise ValidationErrors(missing)
    move(session, product, "submit", actor=actor)
    product.submitted_at, product.sync_error = clock.now(), None
    _ring(session, "push_product", product)


def take_back(session: Session, product: Product, action: str, *, actor: str) -> None:
    """`withdraw` or `archive`: off sale, too, if it was on sale."""
    move(session, product, action, actor=actor)
    product.sync_error = None
    _ring(session, "align_product", product)


def begin_review(session: Session, product: Product) -> None:
    """Shopify has the product: let the shop's rules approve it, or put it in the queue. Safe to repeat.

    Reached from the job that made the product and from the products/create webhook, whichever comes first.
    """
    if product.shopify_gid is None or rules.state_after("begin_review", product.status) is None:
        return
    move(session, product, "begin_review", actor="system")
    settings = session.get(ShopSettings, product.shop_id)
    if product.taken_down_at is not None:
        _tell(session, product, "product_in_review")  # the staff took it off sale: no rule puts it back
    elif settings is not None and settings.auto_approve_products:
        approve(session, product, actor="system")
    elif rule := approvals.find_for_product(session, product, list_variants(session, product)):
        approve(session, product, actor="system", reason=approvals.why(rule))
    else:
        _tell(session, product, "product_in_review")


def send_back(session: Session, product: Product, action: str, reason: str) -> None:
    """`refuse` or `ask_for_changes` for what changed in Shopify, also where it was approved already."""
    move(session, product, action, actor="shopify", reason=reason)
    _tell(session, product, "product_changes_requested", reason=reason)


def approve(session: Session, product: Product, *, actor: str, reason: str | None = None) -> None:
    """Let a product go on sale. It is published when Shopify has done so. Raises Conflict."""
    if product.status != ProductStatus.IN_REVIEW:
        raise Conflict(f"“{product.title}” is no longer in review. Look at it again.")
    if product.reviewed_at is not None:
        return
    vendor = session.get_one(Vendor, product.vendor_id)
    if vendor.status != VendorStatus.APPROVED:
        raise Conflict(f"{vendor.name} is {vendor.status}, so their products cannot go on sale now.")
    product.reviewed_at, product.sync_error = clock.now(), None
    product.taken_down_at = product.taken_down_reason = None
    trail.record(session, product, "approve", actor, reason=reason)
    session.flush()
    _ring(session, "publish_product", product)


def decline(session: Session, product: Product, action: str, reason: str, *, actor: str) -> None:
    """`ask_for_changes` or `reject`, with the reason that the vendor reads. Raises ValidationErrors, Conflict."""
    reason = reason.strip()
    if not reason:
        raise ValidationErrors({"reason": "Say in a sentence or two what the vendor should know."})
    if product.reviewed_at is not None:
        raise Conflict(f"“{product.title}” is approved and being published.")
    move(session, product, action, actor=actor, reason=reason)
    _tell(session, product, _MAIL_AFTER[action], reason=reason)


def finish_publishing(session: Session, product: Product) -> None:
    """Shopify shows the product: say so. Does nothing when the vendor took it back meanwhile."""
    if product.status != ProductStatus.IN_REVIEW or product.reviewed_at is None:
        return
    move(session, product, "publish", actor="system")
    product.published_at = clock.now()
    for variant in list_variants(session, product):
        variant.reviewed_price_minor = None
    events.publish(session, product.shop_id, "ProductPublished", vendor_id=product.vendor_id, product_id=product.id)
    _tell(session, product, "product_published")


def write_fields(session: Session, product: Product, values: proposal_rules.Snapshot) -> None:
    """Put values by field of proposal_rules into the rows of a locked product."""
    held = {row.id: row for row in list_variants(session, product)}
    for field, value in values.items():
        kind, variant_id = proposal_rules.variant_of(field)
        if kind == "picture" or field in {"options", "variants"}:
            continue
        if variant_id is not None:
            if row := held.get(variant_id):
                setattr(row, "sku" if kind == "sku" else "price_minor", value)
        elif field == "pictures":
            rows = [*list_images(session, product), *list_images(session, product, live=False)]
            parts.write_pictures(session, product, rows, value)
        elif field == "category":
            product.category_gid, product.category_name = (value["gid"], value["name"]) if value else (None, None)
        else:
            setattr(product, "description_html" if field == "description" else field, value)
    session.flush()
    # These last: they name the others' pictures.
    ids = {image.shopify_gid: image.id for image in list_images(session, product) if image.shopify_gid}
    for field, value in values.items():
        kind, variant_id = proposal_rules.variant_of(field)
        if kind == "picture" and (row := held.get(variant_id or 0)):
            row.image_id = ids.get(value["gid"]) if value else None
    variants = list_variants(session, product)
    parts.write_grid(session, product, variants, values.get("options"), values.get("variants"), ids)
    product.updated_at = clock.now()
    session.flush()


def list_variants(session: Session, product: Product) -> Sequence[Variant]:
    query = select(Variant).where(Variant.product_id == product.id).order_by(Variant.position, Variant.id)
    return session.scalars(query).all()


def list_images(session: Session, product: Product, *, live: bool = True) -> Sequence[ProductImage]:
    """A product's pictures in order; with `live=False` those that an edit would add."""
    query = select(ProductImage).where(ProductImage.product_id == product.id, ProductImage.live.is_(live))
    return session.scalars(query.order_by(ProductImage.position, ProductImage.id)).all()


def lock_product(session: Session, shop_id: int, product_id: int, *, vendor_id: int | None = None) -> Product:
    """The product's row, locked until the transaction ends. Raises NotFound."""
    where = [Product.shop_id == shop_id, Product.id == product_id]
    if vendor_id is not None:
        where.append(Product.vendor_id == vendor_id)
    product = session.scalar(select(Product).where(*where).with_for_update())
    if product is None:
        raise NotFound("There is no such product.")
    return product


def _counts(rows: Sequence[tuple[Variant, VariantContent]]) -> dict[tuple[int, int | None], int]:
    counted: dict[tuple[int, int | None], int] = {}
    for row, wanted in rows:
        counted[row.id, None] = wanted.stock
        counted |= {(row.id, location_id): number for location_id, number in wanted.elsewhere.items()}
    return counted


def _end_edits(session: Session, product: Product, *, keep: bool) -> None:
    """A product is off sale: its undecided edits end. With `keep` the draft takes them over: nothing is lost."""
    unsettled = ProductProposal.status.in_((*OPEN_PROPOSAL, ProposalStatus.ACCEPTED))
    query = select(ProductProposal).where(ProductProposal.product_id == product.id, unsettled)
    for proposal in session.scalars(query.order_by(ProductProposal.id).with_for_update()).all():
        proposal.status = ProposalStatus.WITHDRAWN
        if keep:
            write_fields(session, product, {field: change[1] for field, change in proposal.changes.items()})
    parts.end_staged_pictures(session, product.id, keep=keep)


def _variant(product: Product, currency: str, content: VariantContent, position: int) -> Variant:
    return Variant(
        shop_id=product.shop_id,
        vendor_id=product.vendor_id,
        product_id=product.id,
        position=position,
        option_values=list(content.option_values),
        price_minor=content.price_minor,
        currency=currency,
        sku=content.sku,
        stock=content.stock,
    )


def _tell(session: Session, product: Product, kind: str, **context: str) -> None:
    vendor = session.get_one(Vendor, product.vendor_id)
    link = f"{get_config().portal_url}/portal/products/{product.id}"
    values = {"vendor_name": vendor.name, "product_title": product.title, "link": link, **context}
    # One e-mail for each round: the time of submission tells the rounds apart.
    round_key = product.submitted_at.isoformat() if product.submitted_at else ""
    key = f"{kind}:{product.id}:{round_key}"
    queue_email(session, product.shop_id, kind, vendor.email, values, vendor_id=vendor.id, dedupe_key=key)


def _ring(session: Session, job: str, product: Product) -> None:
    enqueue_after_commit(session, f"jobs.catalogue.{job}", product.shop_id, product.id, queue="catalogue")

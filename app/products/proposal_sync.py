"""Accepted edits on their way to Shopify: only the fields that were decided, and only over what was looked at."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from app import audit, clock, events
from app.db import scoped
from app.models.products import Product, ProductProposal, ProductStatus, ProposalStatus, Variant
from app.models.shops import Shop
from app.money import Money, parse_money
from app.products import option_sync, parts, prices, proposals, service, variant_pictures
from app.products import proposal_rules as rules
from app.products.descriptions import clean_description
from app.shopify.client import graphql
from app.shopify.errors import ShopifyError, ShopifyUserErrors
from app.shopify.tokens import ShopCredentials

_NAMES: Final = {"title": "title", "description": "descriptionHtml"}
_TOO_MANY: Final = "The product has more than 100 variants, so its options and variants are changed in Shopify only."
_GRID: Final = frozenset({"options", "variants"})
_EDITED: Final = "The product was edited in Shopify while this was on its way, so nothing was overwritten."


@dataclass(frozen=True, slots=True)
class _Edit:
    """An accepted edit, with its product as our rows have it."""

    id: int
    shop: ShopCredentials
    product: Product
    gid: str
    location: str | None
    variants: Sequence[Variant]
    changes: dict[str, Any]
    begun_at: datetime | None


def apply_proposal(shop_id: int, proposal_id: int) -> None:
    """Write an accepted edit to Shopify. What somebody edited there in the last moment goes back to the reviewer.

    Shopify compares nothing itself, so we read just before we write. Repeatable. Raises ShopifyError.
    """
    edit = _load(shop_id, proposal_id)
    found = graphql(edit.shop, "productContent", {"id": edit.gid}) if edit else {}
    if not edit or not found:
        # Deleted in the admin: the webhook says so, and archives our product.
        return
    live = _snapshot(edit.product, found, edit.variants)
    changes = variant_pictures.as_begun(option_sync.as_done(edit.changes, live), live, edit.begun_at)
    if _GRID & changes.keys() and found["variants"]["pageInfo"]["hasNextPage"]:
        # Those that we do not name, Shopify would delete.
        _send_back(edit, ProposalStatus.CHANGES_REQUESTED, _TOO_MANY, {})
    elif rules.drifted(changes, live):
        # With what an earlier run, which was cut short, may have done already.
        _send_back(edit, ProposalStatus.WAITING, _EDITED, _as_found(live, changes.keys()))
    else:
        _carry_out(edit, changes, found, live)


def _load(shop_id: int, proposal_id: int) -> _Edit | None:
    """None when there is nothing to write, any more or yet."""
    with scoped(shop_id) as session:
        proposal, shop = session.get(ProductProposal, proposal_id), session.get_one(Shop, shop_id)
        if proposal is None or proposal.status != ProposalStatus.ACCEPTED:
            return None
        product = session.get_one(Product, proposal.product_id)
        if product.shopify_gid is None or product.status != ProductStatus.PUBLISHED:
            return None
        if prices.are_old(session, product):
            return None
        return _Edit(
            id=proposal.id,
            shop=ShopCredentials(shop.id, shop.domain),
            product=product,
            gid=product.shopify_gid,
            location=shop.location_gid,
            variants=service.list_variants(session, product),
            changes={field: proposal.changes[field] for field in proposal.taken},
            begun_at=proposal.begun_at,
        )


def _carry_out(edit: _Edit, changes: dict[str, Any], found: dict[str, Any], live: rules.Snapshot) -> None:
    _note_begun(edit, changes)
    try:
        made = _write(edit, changes, found, live)
    except ShopifyUserErrors as refusal:
        words = " ".join(error.message for error in refusal.errors)
        # What came before what was refused is done.
        now = graphql(edit.shop, "productContent", {"id": edit.gid})
        done = _as_found(_snapshot(edit.product, now, edit.variants), changes.keys()) if now else {}
        _send_back(edit, ProposalStatus.CHANGES_REQUESTED, words, done)
    except ShopifyError as error:
        if error.permanent:
            with scoped(edit.shop.shop_id) as session:
                _lock(session, edit).sync_error = error.message
        raise
    else:
        with scoped(edit.shop.shop_id) as session:
            _finish(session, _lock(session, edit), made)


def _lock(session: Session, edit: _Edit) -> ProductProposal:
    return proposals.lock_proposal(session, edit.shop.shop_id, edit.id)


def _note_begun(edit: _Edit, fields: Collection[str]) -> None:
    """Before a variant's picture is taken away to give it another: nobody else will have done so."""
    if any(rules.variant_of(field)[0] == "picture" for field in fields):
        with scoped(edit.shop.shop_id) as session:
            _lock(session, edit).begun_at = clock.now()


def read_look(found: dict[str, Any], variants: Sequence[Variant]) -> rules.Snapshot:
    """Category, search text and pictures of Shopify's product, by our fields."""
    category, seo = found["category"], found["seo"] or {}
    live: rules.Snapshot = {
        "category": {"gid": category["id"], "name": category["fullName"]} if category else None,
        "seo_title": seo.get("title") or "",
        "seo_description": seo.get("description") or "",
    }
    live["pictures"] = [
        {"gid": node["id"], "alt": node["alt"] or "", "url": node["preview"]["image"]["url"]}
        for node in found["media"]["nodes"]
        # What is still being made, or could not be, is nothing that customers see.
        if (node["preview"] or {}).get("image")
    ]
    pictures = {picture["gid"]: picture for picture in live["pictures"]}
    nodes = {node["id"]: node for node in found["variants"]["nodes"]}
    for variant in variants:
        if node := nodes.get(variant.shopify_gid):
            shown = [each["id"] for each in node["media"]["nodes"]]
            # One that is still being made is there, too.
            named = [pictures.get(gid, {"gid": gid, "alt": "", "url": ""}) for gid in shown]
            live[f"picture {variant.id}"] = named[0] if named else None
    return live


def _snapshot(product: Product, found: dict[str, Any], variants: Sequence[Variant]) -> rules.Snapshot:
    """Shopify's product by our fields; a variant that Shopify does not have is missing."""
    live = read_look(found, variants) | {
        "title": found["title"],
        "description": clean_description(found["descriptionHtml"] or ""),
        # Our own row's: we write them, and what else hangs on the product stays.
        "attributes": product.attributes,
        "options": option_sync.read_options(found),
    }
    live["variants"] = [
        {
            "values": [option["value"] for option in node["selectedOptions"]],
            "price": parse_money(node["price"], variants[0].currency).minor,
            "sku": node["sku"] or "",
            "stock": node["inventoryQuantity"] or 0,
            "gid": node["id"],
            "item": node["inventoryItem"]["id"],
        }
        for node in found["variants"]["nodes"]
    ]
    nodes = {node["id"]: node for node in found["variants"]["nodes"]}
    for variant in variants:
        if node := nodes.get(variant.shopify_gid):
            live[f"price {variant.id}"] = parse_money(node["price"], variant.currency).minor
            live[f"sku {variant.id}"] = node["sku"] or ""
    return live


def _as_found(live: rules.Snapshot, fields: Collection[str]) -> rules.Snapshot:
    """What Shopify has of these fields; options and variants only together, as one names the other's values, and a
    variant's picture with the product's, among which it is.
    """
    together = set(_GRID if _GRID.intersection(fields) else ())
    together |= {"pictures"} if any(rules.variant_of(field)[0] == "picture" for field in fields) else set()
    return {field: value for field, value in live.items() if field in fields or field in together}


def _write(edit: _Edit, changes: dict[str, Any], found: dict[str, Any], live: rules.Snapshot) -> dict[str, Any] | None:
    """Returns the product as it was made where its options or variants change, else None."""
    wanted = {field: change[1] for field, change in changes.items()}
    # First, as Shopify refuses these most: options bound to a category's details have names of their own.
    made = option_sync.write_grid(edit.shop, edit.gid, edit.location, wanted, found, edit.variants)
    _write_fields(edit.shop, edit.gid, wanted, live, edit.variants if made is None else _kept(edit.variants, made))
    shown = variant_pictures.of_edit(edit.variants, wanted, made, option_sync.as_named(changes, live))
    nodes = (made or found)["variants"]["nodes"]
    variant_pictures.write_variant_pictures(edit.shop, edit.gid, nodes, shown, wanted.get("pictures"))
    return made


def _write_fields(
    shop: ShopCredentials, gid: str, wanted: rules.Snapshot, live: rules.Snapshot, variants: Sequence[Variant]
) -> None:
    words: dict[str, Any] = {name: wanted[field] for field, name in _NAMES.items() if field in wanted}
    if "category" in wanted:
        words["category"] = wanted["category"]["gid"] if wanted["category"] else None
        words["deleteConflictingConstrainedMetafields"] = True
    if "seo_title" in wanted or "seo_description" in wanted:
        both = live | wanted
        words["seo"] = {"title": both["seo_title"], "description": both["seo_description"]}
    if words:
        graphql(shop, "productUpdate", {"product": {"id": gid, **words}})
    if "pictures" in wanted:
        files = [{"id": picture["gid"], "alt": picture["alt"]} for picture in wanted["pictures"]]
        # Lists that are not given stay as they are.
        graphql(shop, "productSet", {"identifier": {"id": gid}, "input": {"files": files}})
    grid = [row for variant in variants if (row := _variant_row(variant, wanted))]
    if grid:
        graphql(shop, "productVariantsBulkUpdate", {"productId": gid, "variants": grid})


def _kept(variants: Sequence[Variant], made: dict[str, Any]) -> list[Variant]:
    """Those that Shopify still has: one that is gone needs no new price."""
    ids = {node["id"] for node in made["variants"]["nodes"]}
    return [variant for variant in variants if variant.shopify_gid in ids]


def _variant_row(variant: Variant, wanted: rules.Snapshot) -> dict[str, Any] | None:
    row: dict[str, Any] = {}
    if (price := wanted.get(f"price {variant.id}")) is not None:
        row["price"] = str(Money(price, variant.currency).decimal)
    if (sku := wanted.get(f"sku {variant.id}")) is not None:
        row["inventoryItem"] = {"sku": sku}
    return {"id": variant.shopify_gid, **row} if row else None


def _finish(session: Session, proposal: ProductProposal, made: dict[str, Any] | None) -> None:
    """Shopify has it: our rows follow, and the vendor is told."""
    if proposal.status != ProposalStatus.ACCEPTED:
        return
    product = session.get_one(Product, proposal.product_id)
    by_rules = proposal.decided_by == "system"
    for variant in service.list_variants(session, product):
        if f"price {variant.id}" in proposal.taken:
            was = variant.reviewed_price_minor or proposal.changes[f"price {variant.id}"][0]
            variant.reviewed_price_minor = was if by_rules else None
    service.write_fields(session, product, {field: proposal.changes[field][1] for field in proposal.taken})
    if {"attributes", "category"} & set(proposal.taken):
        service.tell_attributes(session, product)
    if made is not None:
        # Those it had keep their stock, which may be on its way to Shopify just now.
        new = [row for row in service.list_variants(session, product) if row.shopify_gid is None]
        parts.note_variants(new, made)
        # News from before it, which comes late, does not know them.
        seen_at = datetime.fromisoformat(made["updatedAt"])
        product.shopify_updated_at = max(product.shopify_updated_at or seen_at, seen_at)
    variant_pictures.note_told(service.list_variants(session, product), service.list_images(session, product))
    if proposals.find_open(session, product) is None:
        parts.drop_staged_pictures(session, product.id, added_before=proposal.sent_at)
    proposal.status, proposal.applied_at, proposal.sync_error = ProposalStatus.APPLIED, clock.now(), None
    events.publish(
        session, proposal.shop_id, "ProductEdited", vendor_id=proposal.vendor_id, product_id=proposal.product_id
    )
    if not by_rules:
        proposals.tell(session, proposal, "product_edit_accepted")


def _send_back(edit: _Edit, status: ProposalStatus, reason: str, live: rules.Snapshot) -> None:
    """Undo a decision: to the reviewer when the shop was edited meanwhile, to the vendor when Shopify said no."""
    with scoped(edit.shop.shop_id) as session:
        proposal = _lock(session, edit)
        if proposal.status != ProposalStatus.ACCEPTED:
            return
        product = session.get_one(Product, proposal.product_id)
        if "variants" in live:
            proposals.follow_variants(session, product, live["variants"], live["options"])
        product.options = live.pop("options", product.options)
        service.write_fields(session, product, live)
        variant_pictures.note_told(service.list_variants(session, product), service.list_images(session, product))
        subject = ("product", product.id)
        audit.record(
            session,
            proposal.shop_id,
            "product.edit_send_back",
            subject,
            actor="shopify",
            vendor_id=product.vendor_id,
            reason=reason,
        )
        held = _reopen(session, product, proposal, status, reason)
        if status == ProposalStatus.CHANGES_REQUESTED:
            proposals.tell(session, held, "product_edit_changes_requested", reason=reason)


def _reopen(
    session: Session, product: Product, proposal: ProductProposal, status: ProposalStatus, reason: str
) -> ProductProposal:
    """The open edit that holds what was decided; there is one for each product, so it may join another."""
    held = proposals.find_open(session, product) or proposal
    if held is not proposal:
        held.changes = {field: proposal.changes[field] for field in proposal.taken} | held.changes
        proposal.status = ProposalStatus.WITHDRAWN
    held.status, held.reason, held.version = status, reason, held.version + 1
    held.taken, held.decided_by, held.decided_at, held.begun_at = [], None, None, None
    session.flush()
    return held

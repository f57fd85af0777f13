"""Edits to products on sale: proposed by the vendor, decided by the shop's staff or its rules, written by a job.

One at a time is on its way to Shopify, so that two never overtake each other; one more may be open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from app.models.shops import ShopSettings
from app.models.vendors import Vendor, VendorStatus
from app.products import approvals, option_rules, parts, prices, trail, variant_names
from app.products import proposal_rules as rules
from app.products.service import list_images, list_variants
from app.queue import enqueue_after_commit

_ANSWERS: Final = {
    "ask_for_changes": (ProposalStatus.CHANGES_REQUESTED, "product_edit_changes_requested"),
    "reject": (ProposalStatus.REJECTED, "product_edit_rejected"),
}


@dataclass(frozen=True, slots=True)
class Proposed:
    """How many fields go live at once, and how many wait for a decision."""

    at_once: int
    waiting: int


def content_of(
    product: Product, variants: Sequence[Variant], images: Sequence[ProductImage] | None = None
) -> rules.Snapshot:
    """What is on sale, by field; without "pictures", "options" and "variants" when no pictures are given."""
    gid = product.category_gid
    content: rules.Snapshot = {
        "title": product.title,
        "description": product.description_html,
        "category": {"gid": gid, "name": product.category_name} if gid else None,
        "attributes": product.attributes,
        "seo_title": product.seo_title,
        "seo_description": product.seo_description,
    }
    for variant in variants:
        content[f"price {variant.id}"], content[f"sku {variant.id}"] = variant.price_minor, variant.sku
    if images is not None:
        content["options"] = option_rules.on_sale(product.options, [variant.option_values for variant in variants])
        content["variants"] = [{"values": list(variant.option_values)} for variant in variants]
        shown = {image.id: picture_of(image) for image in images if image.url and image.shopify_gid}
        content |= {f"picture {variant.id}": shown.get(variant.image_id or 0) for variant in variants}
        content["pictures"] = [picture_of(image) for image in images if image.url and image.shopify_gid]
    return content


def live_content(session: Session, product: Product) -> rules.Snapshot:
    """All that is on sale of a product, by field."""
    return content_of(product, list_variants(session, product), list_images(session, product))


def picture_of(image: ProductImage) -> dict[str, Any]:
    """A picture that Shopify has made, as a snapshot holds it."""
    return {"gid": image.shopify_gid, "alt": image.alt, "url": image.url}


def propose(session: Session, product: Product, wanted: rules.Snapshot, *, actor: str) -> Proposed:
    """Take a vendor's edit of a locked product on sale; what waited before is replaced.

    `wanted` holds all fields or some; those left out keep what an open proposal says. Raises Conflict.
    """
    _check_open(session, product)
    variants = list_variants(session, product)
    live = live_content(session, product)
    held = find_open(session, product)
    kept = {f: change[1] for f, change in held.changes.items()} if held else {}
    if "options" in kept and not option_rules.is_possible(live["options"], kept["options"]):
        # They were edited in the shop since; nobody can accept these names any more.
        del kept["options"]
    wanted = kept | wanted
    if "variants" in wanted:
        wanted["variants"] = rules.still_fit(wanted["variants"], live) or live["variants"]
    changes = rules.differences(live, wanted)
    settings = session.get_one(ShopSettings, product.shop_id)
    reviewed = {v.id: v.reviewed_price_minor or v.price_minor for v in variants}
    safe, waiting = rules.split_safe(changes, reviewed, settings.price_band_bps)
    if settings.auto_approve_products:
        safe, waiting = changes, {}
    rule = approvals.find_for_edit(session, product, variants, waiting) if waiting else None
    if rule is not None:
        safe, waiting = changes, {}
    _keep(session, product, held, waiting, actor)
    if safe:
        now = clock.now()
        row = _row(product, safe, actor, ProposalStatus.ACCEPTED)
        row.taken, row.decided_by, row.decided_at = list(safe), "system", now
        session.add(row)
        session.flush()
        reason = approvals.why(rule) if rule else None
        trail.record(session, row, "edit_at_once", actor, reason=reason, changes=safe)
        _ring(session, row)
    return Proposed(len(safe), len(waiting))


def accept(session: Session, proposal: ProductProposal, fields: list[str], seen: str, *, actor: str) -> None:
    """Let `fields` of a locked proposal go on sale, as they were looked at. Raises ValidationErrors, Conflict."""
    product = session.get_one(Product, proposal.product_id)
    _check_waiting(session, proposal)
    _check_open(session, product)
    live = live_content(session, product)
    if seen != rules.fingerprint(proposal.version, proposal.changes, live):
        raise Conflict(f"“{product.title}” or its edit changed since you opened this page. Look at it again.")
    taken = [f for f in proposal.changes if f in fields and f in live]
    if not taken:
        raise ValidationErrors({"fields": "Tick at least one change, or reject the edit."})
    if "options" in taken and not option_rules.is_possible(live["options"], proposal.changes["options"][1]):
        words = "The options were edited in Shopify, so the new names do not fit them."
        raise ValidationErrors({"fields": f"{words} Ask for changes, or untick them."})
    if "variants" in taken and not rules.is_possible(proposal.changes["variants"][1], live):
        words = "Variants were edited in Shopify, so the edit does not fit them."
        raise ValidationErrors({"fields": f"{words} Ask for changes, or untick Variants."})
    _check_pictures(proposal.changes, taken, live)
    now = clock.now()
    asked = {f: proposal.changes[f][1] for f in taken}
    if "options" in taken and rules.same(live["options"], asked["options"]):
        # A job that was cut short had renamed them: nothing is called as the edit says that it was.
        asked["options"] = live["options"]
    # What the reviewer saw is what the job compares with: an edit they chose to overrule is no surprise to it.
    proposal.changes = proposal.changes | {f: [live[f], asked[f]] for f in taken}
    proposal.status, proposal.taken, proposal.reason = ProposalStatus.ACCEPTED, taken, None
    proposal.decided_by, proposal.decided_at, proposal.sync_error = actor, now, None
    session.flush()
    trail.record(session, proposal, "edit_accept", actor, changes={f: proposal.changes[f] for f in taken})
    _ring(session, proposal)


def _check_pictures(changes: rules.Changes, taken: Sequence[str], live: rules.Snapshot) -> None:
    """Raises ValidationErrors when a variant would show a picture that the product does not get."""
    there = changes["pictures"][1] if "pictures" in taken else live["pictures"]
    wanted = [changes[f][1] for f in taken if rules.variant_of(f)[0] == "picture"]
    wanted += [each.get("picture") for each in (changes["variants"][1] if "variants" in taken else ())]
    gids = [picture["gid"] for picture in there]
    if any(picture and picture["gid"] not in gids for picture in wanted):
        raise ValidationErrors({"fields": "A variant is to show a new picture: tick Pictures, too."})


def accept_all(session: Session, proposal: ProductProposal, version: int, *, actor: str) -> None:
    """Let a whole proposal go on sale from a list. Raises Conflict when somebody has to look at it first."""
    product = session.get_one(Product, proposal.product_id)
    live = live_content(session, product)
    if rules.drifted(proposal.changes, live):
        raise Conflict("The product was edited in Shopify meanwhile. Open it and compare.")
    if version != proposal.version:
        raise Conflict("The vendor changed the edit meanwhile. Open it and look again.")
    seen = rules.fingerprint(version, proposal.changes, live)
    accept(session, proposal, list(proposal.changes), seen, actor=actor)


def decline(session: Session, proposal: ProductProposal, action: str, reason: str, version: int, *, actor: str) -> None:
    """`ask_for_changes` or `reject` a locked proposal, and say why. Raises ValidationErrors, Conflict."""
    reason = reason.strip()
    _check_waiting(session, proposal)
    if version != proposal.version:
        raise Conflict("The vendor changed the edit meanwhile. Look at it again.")
    if not reason:
        raise ValidationErrors({"reason": "Say in a sentence or two what the vendor should know."})
    _answer(session, proposal, action, reason, actor)


def end_priced(session: Session, product: Product, reason: str) -> None:
    """Reject what is not in the shop yet of a locked product's edits, where it names prices: they mean nothing now."""
    for edit in filter(None, (find_open(session, product), find_on_its_way(session, product))):
        if rules.names_prices(edit.taken or edit.changes):
            edit.taken = []
            _answer(session, edit, "reject", reason, "system")


def _answer(session: Session, proposal: ProductProposal, action: str, reason: str, actor: str) -> None:
    proposal.status, mail = _ANSWERS[action]
    proposal.reason, proposal.decided_by, proposal.decided_at = reason, actor, clock.now()
    if action == "reject":
        parts.drop_staged_pictures(session, proposal.product_id)
    trail.record(session, proposal, f"edit_{action}", actor, reason=reason)
    events.publish(
        session,
        proposal.shop_id,
        "ProductEditDeclined",
        vendor_id=proposal.vendor_id,
        product_id=proposal.product_id,
    )
    tell(session, proposal, mail, reason=reason)


def withdraw(session: Session, proposal: ProductProposal, *, actor: str) -> None:
    """The vendor thinks better of it. Raises Conflict when it was decided meanwhile."""
    if proposal.status not in OPEN_PROPOSAL:
        raise Conflict("It was decided meanwhile. Look at the product again.")
    proposal.status = ProposalStatus.WITHDRAWN
    parts.drop_staged_pictures(session, proposal.product_id)
    trail.record(session, proposal, "edit_withdraw", actor)


def find_open(session: Session, product: Product) -> ProductProposal | None:
    """What waits for the shop's staff, or for the vendor to change it."""
    return session.scalar(
        select(ProductProposal).where(
            ProductProposal.product_id == product.id, ProductProposal.status.in_(OPEN_PROPOSAL)
        )
    )


def follow_variants(
    session: Session, product: Product, now: Sequence[Mapping[str, Any]], options: option_rules.Options
) -> None:
    """Shopify has other variants or options than our rows, which are about to be as `now`: edits go along.

    `now` are variants as a snapshot has them, with their gid.
    """
    values = {each["gid"]: each["values"] for each in now}
    held = {tuple(row.option_values): row.shopify_gid for row in list_variants(session, product)}
    names = {was: values.get(gid) for was, gid in held.items()}
    came = [each["values"] for each in now if each["gid"] not in held.values()]
    for edit in filter(None, (find_open(session, product), find_on_its_way(session, product))):
        if "variants" in edit.changes:
            followed = variant_names.follow(edit.changes["variants"], names, product.options, options, came)
            edit.changes = edit.changes | {"variants": followed}


def find_on_its_way(session: Session, product: Product) -> ProductProposal | None:
    """What is being written to Shopify just now."""
    return session.scalar(
        select(ProductProposal).where(
            ProductProposal.product_id == product.id, ProductProposal.status == ProposalStatus.ACCEPTED
        )
    )


def lock_proposal(session: Session, shop_id: int, proposal_id: int) -> ProductProposal:
    """The proposal, with its product locked first as everywhere, until the transaction ends. Raises NotFound."""
    ours = (ProductProposal.shop_id == shop_id, ProductProposal.id == proposal_id)
    product_id = session.scalar(select(ProductProposal.product_id).where(*ours))
    if product_id is None:
        raise NotFound("There is no such edit.")
    session.execute(select(Product.id).where(Product.id == product_id).with_for_update())
    return session.scalars(select(ProductProposal).where(*ours).with_for_update()).one()


def tell(session: Session, proposal: ProductProposal, kind: str, **context: str) -> None:
    """The vendor's e-mail about a decision, once for each version of the edit."""
    vendor = session.get_one(Vendor, proposal.vendor_id)
    product = session.get_one(Product, proposal.product_id)
    link = f"{get_config().portal_url}/portal/products/{product.id}"
    values = {"vendor_name": vendor.name, "product_title": product.title, "link": link, **context}
    key = f"{kind}:{proposal.id}:{proposal.version}"
    queue_email(session, proposal.shop_id, kind, vendor.email, values, vendor_id=vendor.id, dedupe_key=key)


def _keep(session: Session, product: Product, held: ProductProposal | None, waiting: rules.Changes, actor: str) -> None:
    """Make what is waiting the open proposal; without anything waiting there is none."""
    if held is None and not waiting:
        return
    if held is not None and not waiting:
        withdraw(session, held, actor=actor)
        session.flush()
        return
    if held is None:
        held = _row(product, waiting, actor, ProposalStatus.WAITING)
        session.add(held)
    elif held.changes == waiting and held.status == ProposalStatus.WAITING:
        return
    else:
        held.changes, held.status, held.version = waiting, ProposalStatus.WAITING, held.version + 1
        held.sent_by, held.sent_at = actor, clock.now()
        held.reason = held.decided_by = held.decided_at = held.sync_error = None
    session.flush()
    trail.record(session, held, "edit_propose", actor, changes=waiting)
    events.publish(session, product.shop_id, "ProductEditProposed", vendor_id=product.vendor_id, product_id=product.id)


def _row(product: Product, changes: rules.Changes, actor: str, status: ProposalStatus) -> ProductProposal:
    return ProductProposal(
        shop_id=product.shop_id,
        vendor_id=product.vendor_id,
        product_id=product.id,
        status=status,
        version=1,
        changes=changes,
        sent_by=actor,
        sent_at=clock.now(),
    )


def _check_open(session: Session, product: Product) -> None:
    """Raises Conflict where an edit cannot go on sale now."""
    vendor = session.get_one(Vendor, product.vendor_id)
    if product.status != ProductStatus.PUBLISHED:
        raise Conflict(_("“%(title)s” is not on sale any more. Look at it again.", title=product.title))
    if vendor.status != VendorStatus.APPROVED:
        raise Conflict(_("%(name)s is not approved now, so products cannot be changed in the shop.", name=vendor.name))
    if find_on_its_way(session, product):
        raise Conflict(_("An earlier change is just being put in the shop. Try again in a few seconds."))
    prices.check(session, product)


def _check_waiting(session: Session, proposal: ProductProposal) -> None:
    if proposal.status != ProposalStatus.WAITING:
        title = session.get_one(Product, proposal.product_id).title
        raise Conflict(f"The edit of “{title}” does not wait for a decision any more. Look at it again.")


def _ring(session: Session, proposal: ProductProposal) -> None:
    enqueue_after_commit(session, "jobs.catalogue.apply_proposal", proposal.shop_id, proposal.id, queue="catalogue")

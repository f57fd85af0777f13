"""The public vendor page in Shopify (the `$app:vendor` metaobject): written from our row, taken over from the admin.

Our row and the page are matched by the handle, which never changes, so a repeated write finds its own page again.
Words that only one side changed stay; of words that both sides changed, the ones that staff wrote in the admin hold,
and the vendor reads what they replaced (app/vendors/replaced.py). Whether the page is public is decided here alone.
"""

import json
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app import audit, clock
from app.auth.magic_links import issue_link
from app.config import get_config
from app.db import scoped, system
from app.emails.service import queue_email
from app.models.emails import Email
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor, VendorStatus
from app.queue import enqueue, enqueue_after_commit
from app.shopify.client import PAGE_SECONDS, graphql
from app.shopify.errors import ShopifyError, ShopifyUserErrors
from app.shopify.payloads import Metaobject
from app.shopify.tokens import ShopCredentials
from app.vendors import goods, rules
from app.vendors.face import list_links
from app.vendors.service import Entry

TYPE: Final = "$app:vendor"
TEXT_FIELDS: Final[tuple[str, ...]] = ("name", "tagline", "announcement", "about", "location", "website", "policies")
"""Fields of the metaobject that are columns of our row under the same name."""
_SEARCHED: Final = 250
_KNOWS_HOLIDAYS: Final = 3
"""The version of our definitions since which a vendor's page has fields for them."""
_KNOWS_REVIEWS: Final = 4
_KNOWS_FACES: Final = 5
FIRST_LINK_LIFETIME: Final = timedelta(days=3)
"""The approval may be read after the weekend; links that a person asks for live much shorter."""


def find_entries(shop: ShopCredentials, name: str) -> list[Entry]:
    """The vendor pages in Shopify whose names begin like `name`. Raises ShopifyError."""
    answer = graphql(
        shop,
        "metaobjects",
        {"type": TYPE, "first": _SEARCHED, "query": f"display_name:{rules.search_prefix(name)}*"},
        patience_seconds=PAGE_SECONDS,
    )
    return [Entry(node["handle"], node["displayName"] or "") for node in answer["nodes"]]


def sync_vendor(shop_id: int, vendor_id: int) -> None:
    """Copy the public part of a vendor's row to Shopify, then send the e-mail that waited for it.

    Shopify compares nothing itself, so the page is read just before it is written: words that staff changed meanwhile
    become ours, and only words that differ are written. Does nothing when the page already follows the row. Raises
    ShopifyError when trying again later may help.
    """
    with scoped(shop_id) as session:
        vendor, shop = session.get(Vendor, vendor_id), session.get_one(Shop, shop_id)
        if vendor is None or not _is_behind(session, vendor):
            return
        credentials = ShopCredentials(shop.id, shop.domain)
        handle = {"type": TYPE, "handle": vendor.handle}
    try:
        # Also where no page is known: a job that died may have made it.
        found = graphql(credentials, "metaobjectByHandle", {"handle": handle})
        with scoped(shop_id) as session:
            vendor = _begin(session, shop_id, vendor_id, found)
            if vendor is None:
                return
            version = session.get_one(Shop, shop_id).definitions_version
            fields = _list_fields(vendor, version) | _name_products(session, vendor, version)
            status = "ACTIVE" if vendor.status == VendorStatus.APPROVED else "DRAFT"
            seen, written_from = vendor.page_words, vendor.updated_at
        page = _write_what_is_left(credentials, handle, found, fields, {"publishable": {"status": status}})
    except ShopifyError as error:
        _note_failure(shop_id, vendor_id, error)
        raise
    with scoped(shop_id) as session:
        vendor = session.scalar(select(Vendor).where(Vendor.id == vendor_id).with_for_update())
        if vendor is None:
            return
        vendor.metaobject_gid, vendor.sync_error = page["id"], None
        if vendor.updated_at != written_from or vendor.page_words not in (seen, _words_of(page)):
            # Changed while Shopify was answering: the ring for that change comes too late or early, so ring again.
            enqueue("jobs.catalogue.sync_vendor", shop_id, vendor_id, queue="catalogue")
            return
        _see(session, vendor, page)
        vendor.page_sent, vendor.profile_synced_at = None, clock.now()
        _send_what_waited(session, session.get_one(Shop, shop_id), vendor)


def take_over(session: Session, shop: Shop, page: Metaobject) -> None:
    """A webhook says that a vendor page was made or changed. What staff wrote becomes ours, field by field."""
    vendor = _find_vendor(session, shop.id, page)
    seen_at = page.updated_at
    if vendor is None or seen_at is None or (vendor.metaobject_updated_at and seen_at < vendor.metaobject_updated_at):
        return
    vendor.metaobject_gid = page.id
    words = {field: page.fields[field] or "" for field in TEXT_FIELDS if field in page.fields}
    seen = vendor.page_words or words
    # Of two states of one second nobody knows the later: the job reads what is there now.
    is_unclear = seen_at == vendor.metaobject_updated_at and any(seen.get(field) != now for field, now in words.items())
    if not is_unclear:
        _take_words(session, vendor, words, seen_at)
        goods.note_page(vendor, page.fields)
    is_behind = vendor.profile_synced_at and any(getattr(vendor, field) != now for field, now in words.items())
    if is_unclear or is_behind:
        vendor.profile_synced_at = vendor.sync_error = None
        enqueue_after_commit(session, "jobs.catalogue.sync_vendor", shop.id, vendor.id, queue="catalogue")


def _begin(session: Session, shop_id: int, vendor_id: int, found: dict[str, Any] | None) -> Vendor | None:
    """The vendor, locked, with what staff wrote on the page that was found and with a note of what is sent now. None
    when there is nothing to send any more.
    """
    mine = (Vendor.shop_id == shop_id, Vendor.id == vendor_id)
    vendor = session.scalar(select(Vendor).where(*mine).with_for_update())
    if vendor is None or not _is_behind(session, vendor):
        return None
    if found:
        _see(session, vendor, found)
    else:
        vendor.page_words = None
    vendor.page_sent = _unsaid(vendor)
    return vendor


def _is_behind(session: Session, vendor: Vendor) -> bool:
    return vendor.profile_synced_at is None or goods.is_behind(session, vendor)


def _unsaid(vendor: Vendor) -> dict[str, str]:
    """Words of the row that the page does not say."""
    seen = vendor.page_words or {}
    return {field: words for field in TEXT_FIELDS if (words := getattr(vendor, field)) != seen.get(field)}


def _see(session: Session, vendor: Vendor, page: dict[str, Any]) -> None:
    """Take over what a page says that was just read or written, unless news of it that are newer came first."""
    seen_at = datetime.fromisoformat(page["updatedAt"])
    if vendor.metaobject_updated_at is None or seen_at >= vendor.metaobject_updated_at:
        _take_words(session, vendor, _words_of(page), seen_at)
        goods.note_page(vendor, {field["key"]: field["value"] for field in page["fields"]})


def _words_of(page: dict[str, Any]) -> dict[str, str]:
    return {field["key"]: field["value"] or "" for field in page["fields"] if field["key"] in TEXT_FIELDS}


def _take_words(session: Session, vendor: Vendor, words: dict[str, str], seen_at: datetime) -> None:
    """Note what the page says; words in it that we did not put there are staff's, and replace ours."""
    held = {field: getattr(vendor, field) for field in words}
    # While nothing is on its way, and nothing was noted, the page says what the row says.
    seen = vendor.page_words or ({} if vendor.profile_synced_at is None else held)
    # Of a page that was neither seen nor sent nobody knows whose its words are: ours hold. So they do in a field that
    # was not noted when the page was seen as it still is.
    is_new = seen_at != vendor.metaobject_updated_at
    found = {field: now for field, now in words.items() if is_new or field in seen}
    written = rules.written_by_staff(found, seen, vendor.page_sent or {}) if seen or vendor.page_sent else {}
    vendor.page_words, vendor.metaobject_updated_at = seen | words, seen_at
    # Nobody is called nothing.
    changes: dict[str, Any] = {
        field: [held[field], after]
        for field, after in written.items()
        if after != held[field] and (field != "name" or after)
    }
    if not changes:
        return
    for field, (_, after) in changes.items():
        setattr(vendor, field, after)
    vendor.updated_at = clock.now()
    enqueue_after_commit(session, "jobs.catalogue.follow_vendor", vendor.shop_id, vendor.id, queue="catalogue")
    audit.record(
        session,
        vendor.shop_id,
        "vendor.edit_in_shopify",
        ("vendor", vendor.id),
        actor="shopify",
        vendor_id=vendor.id,
        changes=changes,
    )


def forget_page(session: Session, shop: Shop, page: Metaobject) -> None:
    """A webhook says that somebody deleted a vendor page in the admin. The vendor stays; the merchant is told."""
    vendor = _find_vendor(session, shop.id, page)
    if vendor is None or vendor.metaobject_gid is None:
        return
    vendor.metaobject_gid = vendor.page_words = vendor.page_sent = None
    vendor.sync_error = "The vendor's public page was deleted in Shopify. Make it again, or close the vendor."
    audit.record(
        session, shop.id, "vendor.page_deleted_in_shopify", ("vendor", vendor.id), actor="shopify", vendor_id=vendor.id
    )


def sweep() -> int:
    """Ring for every vendor whose page does not follow its row or names other products than it should, unless Shopify
    refused it for good.
    """
    with system() as session:
        waiting = session.execute(
            select(Vendor.shop_id, Vendor.id)
            .join(Shop, (Shop.id == Vendor.shop_id) & (Shop.status == ShopStatus.INSTALLED))
            .where(or_(Vendor.profile_synced_at.is_(None), goods.behind()), Vendor.sync_error.is_(None))
            # By lot: where one shop's calls fail for long, the others' still come in between.
            .order_by(func.random())
            .limit(200)
        ).all()
    for shop_id, vendor_id in waiting:
        enqueue("jobs.catalogue.sync_vendor", shop_id, vendor_id, queue="catalogue")
    return len(waiting)


def _write(
    shop: ShopCredentials,
    handle: dict[str, str],
    found: dict[str, Any] | None,
    fields: dict[str, Any],
    capabilities: dict[str, Any],
) -> dict[str, Any]:
    """Write the page that was found under the handle, or make it. Returns what it says then.

    Shopify takes no empty value, but empties what is left out where a page is written whole.
    """
    filled = {key: value for key, value in fields.items() if value != ""}
    said = {field["key"] for field in found["fields"] if field["value"]} if found else set()
    if found and said & (fields.keys() - filled.keys()):
        whole = {key: value for key, value in found["values"].items() if key not in fields} | filled
        asked = {"id": found["id"], "metaobject": {"values": whole, "capabilities": capabilities}}
        answer = graphql(shop, "metaobjectUpdate", asked)
    else:
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in filled.items()}
        written = [{"key": key, "value": text} for key, text in texts.items()]
        asked = {"handle": handle, "metaobject": {"fields": written, "capabilities": capabilities}}
        answer = graphql(shop, "metaobjectUpsert", asked)
    page: dict[str, Any] = answer["metaobject"]
    return page


def _write_what_is_left(
    shop: ShopCredentials,
    handle: dict[str, str],
    found: dict[str, Any] | None,
    fields: dict[str, Any],
    capabilities: dict[str, Any],
) -> dict[str, Any]:
    """Shopify refuses a page that names a product which was just deleted there; of that we may not have heard yet."""
    try:
        return _write(shop, handle, found, fields, capabilities)
    except ShopifyUserErrors:
        named = fields.get("products") or []
        left = goods.list_left(shop, named) if named else []
        if left == named:
            raise
        return _write(shop, handle, found, fields | {"products": left or ""}, capabilities)


def _name_products(session: Session, vendor: Vendor, definitions_version: int) -> dict[str, Any]:
    if definitions_version < goods.KNOWN_SINCE:
        return {}
    return {"products": goods.list_wanted(session, vendor) or ""}


def _list_fields(vendor: Vendor, definitions_version: int) -> dict[str, Any]:
    """What the page is to say; empty is what it shall say nothing of."""
    # What a page says already is not said again: staff may be changing it at this moment.
    fields: dict[str, Any] = _unsaid(vendor) | {"since": vendor.applied_at.date().isoformat()}
    if vendor.away_from and vendor.away_until and definitions_version >= _KNOWS_HOLIDAYS:
        # Never emptied: the theme shows a holiday only while it lasts.
        fields["away_from"], fields["away_until"] = vendor.away_from.isoformat(), vendor.away_until.isoformat()
        fields["away_note"] = vendor.away_note
    if definitions_version >= _KNOWS_REVIEWS:
        fields |= _rating(vendor)
    if definitions_version >= _KNOWS_FACES:
        fields |= {"links": list_links(vendor.social), "translations": vendor.translations}
        fields |= {"cover": vendor.cover_file_gid} if vendor.cover_file_gid else {}
    else:
        fields.pop("announcement", None)
    if vendor.logo_file_gid:
        fields["logo"] = vendor.logo_file_gid
    return fields


def _rating(vendor: Vendor) -> dict[str, Any]:
    """Without reviews the rating stays as it was: the theme looks at the number first."""
    fields: dict[str, Any] = {"rating_count": vendor.rating_count, "reviews": vendor.shown_reviews}
    if vendor.rating_count:
        average = rules.average_rating(vendor.rating_sum, vendor.rating_count)
        fields["rating"] = {"value": average, "scale_min": "1.0", "scale_max": "5.0"}
    return fields


def _note_failure(shop_id: int, vendor_id: int, error: ShopifyError) -> None:
    if not error.permanent:
        return
    with scoped(shop_id) as session:
        session.get_one(Vendor, vendor_id).sync_error = error.message


def _send_what_waited(session: Session, shop: Shop, vendor: Vendor) -> None:
    """The e-mails that promise something about the public page leave when the page is as they say."""
    if vendor.status == VendorStatus.PENDING:
        key = f"vendor_pending:{vendor.id}:{vendor.applied_at.isoformat()}"
        link = f"{get_config().portal_url}/portal/login?shop={shop.domain}"
        context: dict[str, Any] = {"vendor_name": vendor.name, "link": link}
        queue_email(session, shop.id, "vendor_pending", vendor.email, context, vendor_id=vendor.id, dedupe_key=key)
    if vendor.status == VendorStatus.APPROVED and vendor.approved_at:
        key = f"vendor_approved:{vendor.id}:{vendor.approved_at.isoformat()}"
        if session.scalar(select(Email.id).where(Email.shop_id == shop.id, Email.dedupe_key == key)) is None:
            link = issue_link(session, shop.id, vendor.email, lifetime=FIRST_LINK_LIFETIME)
            context = {"vendor_name": vendor.name, "link": link, "link_lasts": FIRST_LINK_LIFETIME}
            queue_email(session, shop.id, "vendor_approved", vendor.email, context, vendor_id=vendor.id, dedupe_key=key)


def _find_vendor(session: Session, shop_id: int, page: Metaobject) -> Vendor | None:
    return session.scalar(
        select(Vendor)
        .where(Vendor.shop_id == shop_id, or_(Vendor.metaobject_gid == page.id, Vendor.handle == page.handle))
        .with_for_update()
    )

"""Pictures that a vendor's file names by their addresses: fetched from there, looked at, and sent on to Shopify.

The row of the picture is all there is to remember: one that has no address at Shopify yet is found by the sweep.
"""

import io
import time
import warnings
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import httpx
from PIL import Image, UnidentifiedImageError
from sqlalchemy.orm import Session

from app.db import scoped
from app.errors import Conflict, ValidationErrors
from app.hooks import calls
from app.languages import _, noted
from app.models.products import Product, ProductImage
from app.models.shops import Shop
from app.products import pictures, proposals, rules, service
from app.products.proposal_rules import Snapshot, variant_of
from app.queue import enqueue_after_commit
from app.shopify.tokens import ShopCredentials

JOB: Final = "jobs.catalogue.register_picture"
_PAUSES: Final = (1.0, 4.0)
_FORMATS: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
_UNREACHED: Final = noted(
    "The picture's address could not be read. Check that it opens in a browser and begins with https://."
)
_NO_PICTURE: Final = noted("There is no JPEG, PNG, WebP or GIF picture at this address.")
_TOO_LARGE: Final = noted("The picture at this address is too large. Use one of up to 20 MB.")

_TOO_MANY: Final = noted("The product has as many pictures as it can have. Remove one and send the file again.")


class NotFetched(Exception):  # noqa: N818 - it reads as what happened
    """There will be no picture; the text says why, for the vendor, in English."""


def add_addresses(session: Session, product: Product, addresses: Sequence[str]) -> None:
    """Give a locked draft pictures that are still to be fetched, behind those it has."""
    last = max((image.position for image in service.list_images(session, product)), default=0)
    for place, address in enumerate(addresses, start=1):
        _add(session, product, address, last + place)


def _add(session: Session, product: Product, address: str, position: int, *, by: str | None = None) -> None:
    """`by`: who adds it to an edit."""
    image = ProductImage(
        shop_id=product.shop_id,
        vendor_id=product.vendor_id,
        product_id=product.id,
        position=position,
        filename=name_file(address, "jpg"),
        source_url="",
        fetched_from=address,
        live=by is None,
        wanted={"by": by, "for": []} if by else None,
    )
    session.add(image)
    session.flush()
    enqueue_after_commit(session, JOB, product.shop_id, image.id, queue="catalogue")


def add_to_edit(
    session: Session,
    product: Product,
    addresses: Sequence[str],
    chosen: Sequence[tuple[int | Sequence[str], str]],
    *,
    actor: str,
) -> None:
    """Fetch pictures for a locked product on sale; once all are there they become an edit, as others do.

    `chosen`: (variant, address) of those that are to show one of them; a new variant goes by its values.
    """
    for address in addresses:
        _add(session, product, address, rules.MAX_PICTURES, by=actor)
    named = [variant for variant, _address in chosen]
    for image in service.list_images(session, product, live=False):
        if image.wanted:
            # What an earlier file chose stays, but for the variants that this one names.
            shows = [variant for variant in image.wanted["for"] if variant not in named]
            shows += [variant for variant, address in chosen if address == image.fetched_from]
            image.wanted = image.wanted | {"for": shows}


def propose_fetched(shop_id: int, image_id: int) -> None:
    """Make an edit of what a file adds to a product on sale, when the last of its pictures is there. Repeatable."""
    with scoped(shop_id) as session:
        image = session.get(ProductImage, image_id)
        if image is None or image.wanted is None:
            return
        product = service.lock_product(session, shop_id, image.product_id)
        waiting = [row for row in service.list_images(session, product, live=False) if row.wanted]
        ready = [row for row in waiting if row.url]
        if any(not row.url and not row.error for row in waiting) or proposals.find_on_its_way(session, product):
            # The last one, or the sweep, comes here again.
            return
        # Where the product is not on sale now, or its vendor may not sell, the pictures stay in the form.
        with suppress(Conflict):
            if ready:
                _propose(session, product, ready)
        for row in ready:
            row.wanted = None


def _propose(session: Session, product: Product, ready: Sequence[ProductImage]) -> None:
    held = proposals.find_open(session, product)
    wanted = proposals.live_content(session, product)["pictures"]
    if held and "pictures" in held.changes:
        wanted = held.changes["pictures"][1]
    free = max(0, rules.MAX_PICTURES - len(wanted))
    for row in ready[free:]:
        row.error = _TOO_MANY
    added = [row for row in ready[:free] if row.shopify_gid not in [picture["gid"] for picture in wanted]]
    edit: Snapshot = {"pictures": [*wanted, *map(proposals.picture_of, added)]}
    numbers = {tuple(variant.option_values): variant.id for variant in service.list_variants(session, product)}
    variants = held.changes["variants"][1] if held and "variants" in held.changes else []
    for row in added:
        picture, shows = proposals.picture_of(row), (row.wanted or {})["for"]
        on_sale = [each if isinstance(each, int) else numbers.get(tuple(each)) for each in shows]
        edit |= {f"picture {variant_id}": picture for variant_id in on_sale if variant_id}
        # One that is still part of the edit says itself what shows it.
        new = [each for each, variant_id in zip(shows, on_sale, strict=True) if not variant_id]
        variants = [{**each, "picture": picture} if each["values"] in new else each for each in variants]
    if variants:
        edit["variants"] = variants
    proposals.propose(session, product, edit, actor=(ready[0].wanted or {})["by"])


def without_fetched(
    session: Session, product: Product, addresses: Sequence[str], shown: Mapping[int, int | None]
) -> Snapshot:
    """The edit of a product on sale that undoes `add_to_edit`. Raises Conflict.

    A variant that shows one of the pictures shows what it shows on sale, or what it did before: `shown`, by number.
    """
    images = [*service.list_images(session, product), *service.list_images(session, product, live=False)]
    gone = [row.shopify_gid for row in images if row.shopify_gid and row.fetched_from in addresses]
    live, held = proposals.live_content(session, product), proposals.find_open(session, product)
    content = live | ({field: change[1] for field, change in held.changes.items()} if held else {})
    left = {picture["gid"]: picture for picture in content["pictures"] if picture["gid"] not in gone}
    if not left:
        raise Conflict(_("A product on sale keeps at least one picture."))
    edit: Snapshot = {"pictures": list(left.values())}
    before = {variant_id: image.shopify_gid for variant_id, at in shown.items() for image in images if image.id == at}
    for field, value in content.items():
        kind, variant_id = variant_of(field)
        if kind == "picture" and value and value["gid"] in gone:
            now = (live.get(field) or {}).get("gid")
            edit[field] = left.get(before.get(variant_id or 0) if now in gone else now)
    if any((each.get("picture") or {}).get("gid") in gone for each in content["variants"]):
        edit["variants"] = [_without(each, gone) for each in content["variants"]]
    return edit


def _without(variant: Mapping[str, Any], gone: Collection[str]) -> dict[str, Any]:
    is_gone = (variant.get("picture") or {}).get("gid") in gone
    return {name: value for name, value in variant.items() if name != "picture" or not is_gone}


def forget_fetched(session: Session, product: Product, addresses: Sequence[str]) -> None:
    """What of these never got on sale goes, also when it is still on its way."""
    for row in service.list_images(session, product, live=False):
        if row.fetched_from in addresses:
            session.delete(row)


def try_again(session: Session, product: Product, image_id: int) -> None:
    """Fetch a picture once more that could not be had from its address. Nothing for one that is on its way."""
    pictures.check_takes_pictures(product)
    for image in (*service.list_images(session, product), *service.list_images(session, product, live=False)):
        if image.id == image_id and image.error and image.fetched_from and image.url is None:
            image.error, image.source_url, image.shopify_gid = None, "", None
            enqueue_after_commit(session, JOB, product.shop_id, image.id, queue="catalogue")


def bring(shop_id: int, image_id: int) -> None:
    """Take a picture from its address to where Shopify reads it; nothing for one that is there. Raises ShopifyError."""
    with scoped(shop_id) as session:
        image, shop = session.get(ProductImage, image_id), session.get_one(Shop, shop_id)
        if image is None or image.source_url or image.error or not image.fetched_from:
            return
        credentials, address = ShopCredentials(shop.id, shop.domain), image.fetched_from
    try:
        content = _download(address)
        mime = _look_at(content)
        name = name_file(address, rules.PICTURE_TYPES[mime])
        source = pictures.send(credentials, name, mime, content)
    except NotFetched as failure:
        pictures.note(shop_id, image_id, error=str(failure))
    except ValidationErrors as refused:
        pictures.note(shop_id, image_id, error=refused.message)
    else:
        pictures.note(shop_id, image_id, source_url=source, filename=name)


def name_file(address: str, extension: str) -> str:
    """A file name of plain letters after the last part of the address."""
    return rules.safe_filename(unquote(urlsplit(address).path.rpartition("/")[2]) or "picture", extension)


def _download(address: str) -> bytes:
    """Tried again after a moment: other people's servers stumble."""
    for pause in (*_PAUSES, None):
        try:
            return calls.download(address, rules.MAX_PICTURE_BYTES)
        except calls.TooLarge:
            raise NotFetched(_TOO_LARGE) from None
        except (OSError, ValueError, httpx.HTTPError, httpx.InvalidURL):
            if pause is not None:
                time.sleep(pause)
    raise NotFetched(_UNREACHED)


def _look_at(content: bytes) -> str:
    """The type of a picture by what it is, not by what it is called."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # nothing is unpacked here
            kind = Image.open(io.BytesIO(content), formats=tuple(_FORMATS)).format
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        kind = None  # ValueError: words in it that unpack to more than they may
    if kind is None:
        raise NotFetched(_NO_PICTURE)
    return _FORMATS[kind]

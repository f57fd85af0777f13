"""Pictures that a vendor's file names by their addresses: fetched from there, looked at, and sent on to Shopify.

The row of the picture is all there is to remember: one that has no address at Shopify yet is found by the sweep.
"""

import io
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Final
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


def _add(session: Session, product: Product, address: str, position: int) -> ProductImage:
    image = ProductImage(
        shop_id=product.shop_id,
        vendor_id=product.vendor_id,
        product_id=product.id,
        position=position,
        filename=name_file(address, "jpg"),
        source_url="",
        fetched_from=address,
    )
    session.add(image)
    session.flush()
    enqueue_after_commit(session, JOB, product.shop_id, image.id, queue="catalogue")
    return image


def add_to_edit(
    session: Session, product: Product, addresses: Sequence[str], chosen: Sequence[tuple[int, str]], *, actor: str
) -> None:
    """Fetch pictures for a locked product on sale; once all are there they become an edit, as others do.

    `chosen`: (variant, address) of those that are to show one of them.
    """
    for address in addresses:
        image = _add(session, product, address, rules.MAX_PICTURES)
        image.live, image.wanted = False, {"by": actor, "for": []}
    for image in service.list_images(session, product, live=False):
        shows = [variant_id for variant_id, address in chosen if address == image.fetched_from]
        if shows and image.wanted:
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
    for row in added:
        edit |= {f"picture {variant_id}": proposals.picture_of(row) for variant_id in (row.wanted or {})["for"]}
    proposals.propose(session, product, edit, actor=(ready[0].wanted or {})["by"])


def take_from_edit(session: Session, product: Product, addresses: Sequence[str], *, actor: str) -> None:
    """Undo `add_to_edit`: what waits goes from the edit, what is on sale by an edit. Raises Conflict."""
    live, staged = service.list_images(session, product), service.list_images(session, product, live=False)
    gone = [row for row in (*live, *staged) if row.fetched_from in addresses]
    gids = [row.shopify_gid for row in gone if row.shopify_gid]
    held = proposals.find_open(session, product)
    content = proposals.live_content(session, product) | ({f: c[1] for f, c in held.changes.items()} if held else {})
    edit: Snapshot = {"pictures": [picture for picture in content["pictures"] if picture["gid"] not in gids]}
    if not edit["pictures"]:
        raise Conflict(_("A product on sale keeps at least one picture."))
    shown = {field: value for field, value in content.items() if variant_of(field)[0] == "picture" and value}
    edit |= {field: None for field, value in shown.items() if value["gid"] in gids}
    proposals.propose(session, product, edit, actor=actor)
    for row in gone:
        if not row.live and row in session:
            session.delete(row)


def try_again(session: Session, product: Product, image_id: int) -> None:
    """Fetch a picture once more that could not be had from its address. Nothing for one that is on its way."""
    pictures.check_takes_pictures(product)
    for image in (*service.list_images(session, product), *service.list_images(session, product, live=False)):
        if image.id == image_id and image.error and image.fetched_from:
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
        pictures.note(shop_id, image_id, error=" ".join(refused.errors.values()))
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

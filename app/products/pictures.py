"""Pictures: straight from the vendor's browser to Shopify, through a target that Shopify names for each one.

Ours is only the row. `ticket` proves that the target was given to this vendor for this product, so that nobody can
have the shop fetch a file of somebody else's choosing.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
from sqlalchemy.orm import Session

from app.config import get_config
from app.crypto import read_ticket, sign_ticket
from app.db import scoped
from app.errors import Conflict, ValidationErrors
from app.languages import _
from app.models.products import Product, ProductImage, ProductStatus
from app.models.shops import Shop
from app.products import rules, service
from app.queue import enqueue_after_commit
from app.shopify.client import PAGE_SECONDS, graphql
from app.shopify.errors import ShopifyUserErrors
from app.shopify.tokens import ShopCredentials

_TICKET: Final = "picture"
_TICKET_SECONDS: Final = 2 * 60 * 60
# Shopify usually has a picture ready within a few seconds; after that the sweep asks.
_POLLS: Final = (0.2, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send a file: PUT or POST `url` with `fields` (as headers or form fields), then hand in `ticket`."""

    url: str
    method: str
    fields: dict[str, str]
    ticket: str


def stage(shop: ShopCredentials, product_id: int, filename: str, mime: str, size: int) -> Target:
    """Ask Shopify where to put a picture. Raises ValidationErrors, ShopifyError. No transaction may be open."""
    name = rules.safe_filename(filename, check_file(mime, size))
    staged = _stage(shop, name, mime, size)
    claim = {"product": product_id, "source": staged["resourceUrl"], "name": name}
    ticket = sign_ticket(claim, get_config().secret_keys, _TICKET, seconds=_TICKET_SECONDS)
    fields = {field["name"]: field["value"] for field in staged["parameters"]}
    return Target(staged["url"], "POST", fields, ticket)


def send(shop: ShopCredentials, name: str, mime: str, content: bytes) -> str:
    """Send a picture to Shopify from here, and return its source. Raises ValidationErrors, ShopifyError."""
    check_file(mime, len(content))
    staged = _stage(shop, name, mime, len(content))
    fields = {field["name"]: field["value"] for field in staged["parameters"]}
    upload(Target(staged["url"], "POST", fields, ""), name, mime, content)
    return str(staged["resourceUrl"])


def _stage(shop: ShopCredentials, name: str, mime: str, size: int) -> dict[str, Any]:
    wish = {"filename": name, "mimeType": mime, "resource": "IMAGE", "httpMethod": "POST", "fileSize": str(size)}
    answer = graphql(shop, "stagedUploadsCreate", {"input": [wish]}, patience_seconds=PAGE_SECONDS)
    target: dict[str, Any] = answer["stagedTargets"][0]
    return target


def upload(target: Target, filename: str, mime: str, content: bytes) -> None:
    """Send a file to its target from here, for browsers without scripts. Raises ValidationErrors."""
    try:
        answer = httpx.post(
            target.url,
            data=target.fields,
            files={"file": (filename, content, mime)},
            timeout=httpx.Timeout(30, connect=5),
        )
    except httpx.TransportError:
        raise ValidationErrors({"pictures": _("The picture could not be sent. Try again in a moment.")}) from None
    if answer.is_error:
        raise ValidationErrors({"pictures": _("The picture was not accepted. Try another file.")})


def check_file(mime: str, size: int) -> str:
    """The file name extension for a picture of this type. Raises ValidationErrors."""
    if mime not in rules.PICTURE_TYPES:
        raise ValidationErrors({"pictures": _("Use a JPEG, PNG, WebP or GIF picture.")})
    if not 0 < size <= rules.MAX_PICTURE_BYTES:
        megabytes = rules.MAX_PICTURE_BYTES // 1024 // 1024
        raise ValidationErrors(
            {
                "pictures": _(
                    "A picture may have up to %(megabytes)s MB. Make it smaller and try again.", megabytes=megabytes
                )
            }
        )
    return rules.PICTURE_TYPES[mime]


def add(session: Session, product: Product, ticket: str) -> ProductImage:
    """Keep an uploaded picture, last in order, and have Shopify make a file of it. Safe to repeat with one ticket."""
    claim = read_ticket(ticket, get_config().secret_keys, _TICKET)
    if claim is None or claim["product"] != product.id:
        raise ValidationErrors({"pictures": _("This upload took too long. Add the picture again.")})
    check_takes_pictures(product)
    staged = service.list_images(session, product, live=False)
    held = [*service.list_images(session, product), *staged]
    for image in held:
        if image.source_url == claim["source"]:
            return image
    # An edit may take away as many as it adds; how many stay is counted when it is sent.
    if len(held) >= rules.MAX_PICTURES * (1 if product.status in rules.EDITABLE else 2):
        raise ValidationErrors(
            {"pictures": _("A product can have up to %(max_pictures)s pictures.", max_pictures=rules.MAX_PICTURES)}
        )
    image = ProductImage(
        shop_id=product.shop_id,
        vendor_id=product.vendor_id,
        product_id=product.id,
        position=max((image.position for image in held), default=0) + 1,
        live=product.status in rules.EDITABLE,
        filename=claim["name"],
        source_url=claim["source"],
    )
    session.add(image)
    session.flush()
    enqueue_after_commit(session, "jobs.catalogue.register_picture", product.shop_id, image.id, queue="catalogue")
    return image


def arrange(session: Session, product: Product, places: Mapping[int, int]) -> None:
    """Put a draft's pictures in the order of `places` (by picture); those without one stay where they are."""
    check_editable(product)
    images = service.list_images(session, product)
    numbered = [(places.get(image.id, number), number, image) for number, image in enumerate(images, start=1)]
    for position, (_place, _number, image) in enumerate(sorted(numbered, key=lambda entry: entry[:2]), start=1):
        image.position = position
    session.flush()


def remove(session: Session, product: Product, image_id: int) -> None:
    """Take a picture away from a draft. Removing one that is gone is fine."""
    check_editable(product)
    for image in service.list_images(session, product):
        if image.id == image_id:
            session.delete(image)
    session.flush()


def check_editable(product: Product) -> None:
    """Raises Conflict once a product is out of the vendor's hands."""
    if product.status not in rules.EDITABLE:
        raise Conflict(_("Pictures can be changed while the product is a draft. Withdraw it first."))


def check_takes_pictures(product: Product) -> None:
    """Raises Conflict where a picture can be added neither to a draft nor to an edit."""
    if product.status != ProductStatus.PUBLISHED:
        check_editable(product)


def read_order(form: Mapping[str, str], images: Sequence[ProductImage]) -> list[ProductImage]:
    """The pictures that a sent edit keeps, in its order, with the words it gives them.

    `place_7` is where the picture 7 stands, `alt_7` what it shows, `remove_7` takes it away. Raises ValidationErrors.
    """
    kept: list[tuple[float, int, ProductImage]] = []
    for number, image in enumerate(images, start=1):
        if f"remove_{image.id}" in form:
            continue
        place = form.get(f"place_{image.id}", "").strip()
        kept.append((float(place) if re.fullmatch(r"\d{1,3}", place, re.ASCII) else number, number, image))
    if not kept:
        raise ValidationErrors({"pictures": _("Keep at least one picture, or add another.")})
    if any(entry[2].url is None for entry in kept):
        words = _("A picture is still being prepared, or could not be read. Wait a moment, or remove it.")
        raise ValidationErrors({"pictures": words})
    if len(kept) > rules.MAX_PICTURES:
        words = _(
            "A product can have up to %(most)s pictures; these are %(count)s. Remove some.",
            most=rules.MAX_PICTURES,
            count=len(kept),
        )
        raise ValidationErrors({"pictures": words})
    return [entry[2] for entry in sorted(kept, key=lambda entry: entry[:2])]


def register_picture(shop_id: int, image_id: int) -> None:
    """Have Shopify make a file of an uploaded picture and wait until it serves it. Raises ShopifyError."""
    with scoped(shop_id) as session:
        image, shop = session.get(ProductImage, image_id), session.get_one(Shop, shop_id)
        if image is None or image.url or image.error or not image.source_url:
            return
        product = session.get_one(Product, image.product_id)
        credentials, gid = ShopCredentials(shop.id, shop.domain), image.shopify_gid
        stem, extension = image.filename.rsplit(".", 1)
        file = {
            "originalSource": image.source_url,
            "contentType": "IMAGE",
            "alt": image.alt,
            # Named after the row: a repeated job replaces the file that its first run made.
            "filename": f"{stem}-{product.listing_key[:8]}-{image.id}.{extension}",
            "duplicateResolutionMode": "REPLACE",
        }
    if gid is None:
        try:
            gid = graphql(credentials, "fileCreate", {"files": [file]})["files"][0]["id"]
        except ShopifyUserErrors as refusal:
            note(shop_id, image_id, error=" ".join(error.message for error in refusal.errors))
            return
        note(shop_id, image_id, shopify_gid=gid)
    _await_file(credentials, image_id, gid)


def _await_file(shop: ShopCredentials, image_id: int, gid: str) -> None:
    for pause in _POLLS:
        file = graphql(shop, "node", {"id": gid})
        if file.get("fileStatus") == "READY" and file.get("image"):
            note(shop.shop_id, image_id, url=file["image"]["url"])
            return
        if file.get("fileStatus") == "FAILED":
            said = " ".join(error["message"] for error in file.get("fileErrors") or ()) or _(
                "The file could not be read."
            )
            note(shop.shop_id, image_id, error=said)
            return
        time.sleep(pause)


def note(shop_id: int, image_id: int, **values: Any) -> None:
    with scoped(shop_id) as session:
        image = session.get(ProductImage, image_id)
        if image is not None:
            for name, value in values.items():
                setattr(image, name, value)

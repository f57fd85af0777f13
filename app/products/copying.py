"""A new draft from what a vendor has already."""

from typing import Final

from sqlalchemy.orm import Session

from app.languages import _
from app.models.products import Product, ProductImage, Variant
from app.products import service, trail

_COPIED: Final = (
    "description_html",
    "category_gid",
    "category_name",
    "attributes",
    "seo_title",
    "seo_description",
    "options",
)


def duplicate(session: Session, product: Product, *, actor: str) -> Product:
    """A new draft with the words, options, prices and pictures of another product; stock and SKUs are its own."""
    held, images = service.list_variants(session, product), service.list_images(session, product)
    copied = {name: getattr(product, name) for name in _COPIED}
    title = _("Copy of %(title)s", title=product.title)[:255]
    draft = Product(shop_id=product.shop_id, vendor_id=product.vendor_id, title=title, **copied)
    session.add(draft)
    session.flush()
    copies: dict[int | None, ProductImage] = {}
    for image in images:
        # A picture that Shopify has may belong to several products; one that is still being made may not.
        if image.url:
            picture = {name: getattr(image, name) for name in ("position", "alt", "filename", "source_url", "url")}
            owner = {"shop_id": draft.shop_id, "vendor_id": draft.vendor_id, "product_id": draft.id}
            copies[image.id] = ProductImage(**owner, **picture, shopify_gid=image.shopify_gid)
    session.add_all(copies.values())
    session.flush()
    for row in held:
        shown = copies.get(row.image_id)
        session.add(
            Variant(
                shop_id=draft.shop_id,
                vendor_id=draft.vendor_id,
                product_id=draft.id,
                position=row.position,
                option_values=list(row.option_values),
                price_minor=row.price_minor,
                currency=row.currency,
                image_id=shown.id if shown else None,
            )
        )
    trail.record(session, draft, "duplicate", actor, changes={"of": [product.id, draft.id]})
    session.flush()
    return draft

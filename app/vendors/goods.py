"""Which products a vendor's public page names, and which are new in the shop, so that a theme shows them without
looking through all of it.

What customers can buy, the newest first. Nothing that changes it has to say so: every half minute a sweep compares
what Shopify was told with our rows (of the pages: app/vendors/sync.py), so that an import of hundreds is a few writes.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.db import scoped, system
from app.models.products import Product, is_on_sale
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor
from app.queue import enqueue
from app.reconciliation import differences
from app.reconciliation.service import take_in
from app.shopify import definitions
from app.shopify.client import graphql
from app.shopify.errors import ShopifyUserErrors
from app.shopify.tokens import ShopCredentials

MOST: Final = 128
"""So many entries a list may have in Shopify."""
NEWEST: Final = 24
"""So many are told to be new: what the home block shows at most, and as many that the online store may leave out."""
KNOWN_SINCE: Final = 6
"""The version of our definitions since which Shopify has fields for them."""


def behind() -> ColumnElement[bool]:
    """Of vendors joined with their shops: those whose page names other products than it should."""
    return and_(Shop.definitions_version >= KNOWN_SINCE, Vendor.page_products.is_distinct_from(_wanted()))


def is_behind(session: Session, vendor: Vendor) -> bool:
    query = select(Vendor.id).join(Shop, Shop.id == Vendor.shop_id).where(Vendor.id == vendor.id, behind())
    return session.scalar(query) is not None


def list_wanted(session: Session, vendor: Vendor) -> list[str]:
    return session.scalars(select(_wanted()).where(Vendor.id == vendor.id)).one()


def list_left(shop: ShopCredentials, gids: Sequence[str]) -> list[str]:
    """Those that Shopify still has. The others are news, which may not have come yet. Raises ShopifyError."""
    found: Any = graphql(shop, "nodesLeft", {"ids": list(gids)})
    left = [node["id"] for node in found if node]
    take_in(shop.domain, [differences.gone(gid) for gid in gids if gid not in left])
    return left


def note_page(vendor: Vendor, fields: Mapping[str, str | None]) -> None:
    """Keep which products the page names, by its fields as Shopify holds them."""
    if "products" in fields:
        vendor.page_products = json.loads(fields["products"] or "[]")


def sweep() -> int:
    """Ring for every shop that was told of other new products than it should have been."""
    with system() as session:
        known = (Shop.status == ShopStatus.INSTALLED, Shop.definitions_version >= KNOWN_SINCE)
        changed = Shop.newest_told.is_distinct_from(_newest_of_shop())
        shops = session.scalars(select(Shop.id).where(*known, changed)).all()
    for shop_id in shops:
        enqueue("jobs.catalogue.tell_newest", shop_id, queue="catalogue")
    return len(shops)


def tell_newest(shop_id: int) -> None:
    """Tell Shopify which products are new in the shop. Raises ShopifyError when trying again later may help."""
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id)
        newest = session.scalars(select(_newest_of_shop()).where(Shop.id == shop_id)).one()
        if shop.shopify_gid is None or newest == shop.newest_told:
            return
        credentials, owner = ShopCredentials(shop.id, shop.domain), shop.shopify_gid
        # Until Shopify has answered nobody knows what it holds, and the answer may be lost.
        shop.newest_told = None
    try:
        _set_newest(credentials, owner, newest)
    except ShopifyUserErrors:
        left = list_left(credentials, newest)
        if left == newest:
            raise
        newest = left
        _set_newest(credentials, owner, newest)
    with scoped(shop_id) as session:
        session.execute(update(Shop).where(Shop.id == shop_id).values(newest_told=newest))


def _set_newest(shop: ShopCredentials, owner: str, gids: Sequence[str]) -> None:
    where = {"ownerId": owner, "namespace": definitions.PRODUCT_NAMESPACE, "key": definitions.NEWEST_KEY}
    metafield = where | {"type": "list.product_reference", "value": json.dumps(gids)}
    graphql(shop, "metafieldsSet", {"metafields": [metafield]})


def _wanted() -> ColumnElement[list[str]]:
    return _newest(Product.vendor_id == Vendor.id, Vendor, MOST)


def _newest_of_shop() -> ColumnElement[list[str]]:
    return _newest(Product.shop_id == Shop.id, Shop, NEWEST)


def _newest(theirs: ColumnElement[bool], whose: type[Vendor | Shop], most: int) -> ColumnElement[list[str]]:
    on_sale = (  # as in the indexes: every half minute all lists are read
        is_on_sale(),
        Product.shopify_status == literal("ACTIVE", literal_execute=True),
        Product.shopify_gid.is_not(None),
    )
    newest = (
        select(Product.shopify_gid)
        .where(theirs, *on_sale)
        .order_by(Product.published_at.desc().nulls_last(), Product.id.desc())
        .limit(most)
        .correlate(whose)
        .scalar_subquery()
    )
    return func.to_jsonb(func.array(newest), type_=JSONB)

"""In which sales channels vendors' products are sold. The online store always; the others as the merchant chose.

A choice is a new version; products on sale follow one by one, each row saying which version it was told, so that a job
that dies half way leaves nothing behind that the sweep does not find.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from app import audit
from app.db import scoped
from app.errors import ValidationErrors
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.queue import enqueue_after_commit
from app.shopify.client import PAGE_SECONDS, graphql
from app.shopify.paging import list_all
from app.shopify.tokens import ShopCredentials


def read_channels(shop: Shop) -> list[dict[str, str]]:
    """The store's channels as Shopify has them now: [{"gid": …, "name": …}]. Raises ShopifyError."""
    credentials = ShopCredentials(shop.id, shop.domain)
    nodes = list_all(credentials, "publications", patience_seconds=PAGE_SECONDS)
    return [{"gid": node["id"], "name": node["name"]} for node in nodes]


def choose(session: Session, shop_id: int, known: Sequence[dict[str, str]], gids: Sequence[str], *, actor: str) -> bool:
    """Sell in these channels, too, beside the online store. Returns whether anything changed.

    `known`: what `read_channels` said just now. Raises ValidationErrors for a channel that is not among them.
    """
    shop = session.get_one(Shop, shop_id, with_for_update=True)
    names = {channel["gid"]: channel["name"] for channel in known}
    wanted = sorted(set(gids) - {shop.publication_gid})
    if not set(wanted) <= set(names):
        raise ValidationErrors({"channel": "This channel is not in your store any more. Look at the list again."})
    before = list(shop.channel_gids)
    if wanted == before:
        return False
    shop.channel_gids, shop.channels_version = wanted, shop.channels_version + 1
    # Those that were chosen once and are gone from the store need no word from us.
    shop.channels_left = sorted((set(shop.channels_left) | set(before)) & set(names) - set(wanted))
    changes = {"channels": [[names.get(gid, gid) for gid in held] for held in (before, wanted)]}
    audit.record(session, shop_id, "settings.change", ("shop", shop_id), actor=actor, changes=changes)
    enqueue_after_commit(session, "jobs.catalogue.follow_channels", shop_id, queue="catalogue")
    return True


def count_behind(session: Session, shop: Shop) -> int:
    """Products on sale that have yet to follow the choice."""
    query = select(func.count()).select_from(Product).join(Shop, Shop.id == Product.shop_id)
    return session.scalar(query.where(Product.shop_id == shop.id, behind())) or 0


def behind() -> ColumnElement[bool]:
    """Of products joined with their shops: those on sale that were told an older choice."""
    return and_(
        Product.status == ProductStatus.PUBLISHED,
        Product.shopify_gid.is_not(None),
        Product.channels_version < Shop.channels_version,
    )


def list_targets(shop: Shop) -> list[dict[str, str]]:
    """Where a product is published, as Shopify's input. The online store must be known."""
    return [{"publicationId": gid} for gid in (shop.publication_gid, *shop.channel_gids) if gid]


def follow_channels(shop_id: int) -> None:
    """Have every product on sale follow the choice. Raises ShopifyError; those that are done stay done."""
    with scoped(shop_id) as session:
        query = select(Product.id).join(Shop, Shop.id == Product.shop_id).where(behind())
        ids = session.scalars(query.order_by(Product.id)).all()
    for product_id in ids:
        follow(shop_id, product_id)


def follow(shop_id: int, product_id: int) -> None:
    """Publish a product where it belongs and take it from where it does not. Raises ShopifyError."""
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id)
        joined = select(Product).join(Shop, Shop.id == Product.shop_id)
        product = session.scalar(joined.where(Product.id == product_id, behind()))
        if product is None or shop.publication_gid is None:
            return
        credentials, gid, version = ShopCredentials(shop.id, shop.domain), product.shopify_gid, shop.channels_version
        targets, left = list_targets(shop), [{"publicationId": one} for one in shop.channels_left]
    variables: dict[str, Any] = {"id": gid}
    graphql(credentials, "publishablePublish", {**variables, "input": targets})
    if left:
        graphql(credentials, "publishableUnpublish", {**variables, "input": left})
    with scoped(shop_id) as session:
        told = update(Product).where(Product.id == product_id, Product.channels_version < version)
        session.execute(told.values(channels_version=version))

"""A shop sells in another currency: what its products cost is read anew from Shopify, or asked of their vendors again.

Shopify leaves the figures as they are and calls them the new currency's, so of what is on sale it knows the price.
Anything else begins without one, and an edit that names prices ends. Until a product is through, nobody changes its
prices and Shopify is told of none (app/products/prices.py).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.db import scoped, system
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import Shop, ShopStatus
from app.money import parse_minor
from app.products import prices, proposals, service, trail
from app.queue import enqueue
from app.shopify.client import graphql
from app.shopify.tokens import ShopCredentials

JOB: Final = "jobs.catalogue.follow_currency"
_BACK: Final = {ProductStatus.SUBMITTED: "refuse", ProductStatus.IN_REVIEW: "ask_for_changes"}
_AT_ONCE: Final = 50
_A_CALL: Final = 100
_RUN_SECONDS: Final = 20.0
_LONGEST_REQUEST: Final = timedelta(minutes=5)
"""Whoever began before the change may still save a price in the earlier currency."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of the products whose prices are in an earlier currency, and how Shopify calls what is on sale of them."""

    shop: ShopCredentials
    currency: str
    product_ids: Sequence[int]
    gids: Sequence[str]


def follow_currency(shop_id: int, *, seconds: float = _RUN_SECONDS) -> None:
    """Bring the shop's products into its currency, for so many seconds; the sweep rings for what is left. Repeatable.

    Raises ShopifyError.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until and (part := _find_next(shop_id)):
        told = _read_prices(part)
        for product_id in part.product_ids:
            _follow(part, product_id, told)


def sweep() -> None:
    """Ring for shops whose products have not all followed yet."""
    with system() as session:
        due = select(Shop.id).where(Shop.status == ShopStatus.INSTALLED, Shop.prices_due_at.is_not(None))
        shop_ids = session.scalars(due).all()
    for shop_id in shop_ids:
        enqueue(JOB, shop_id, queue="catalogue")


def take_over(session: Session, shop: Shop, product: Product, told: Mapping[str, str]) -> None:
    """Bring a locked product into the shop's currency.

    `told`: what its variants cost, by Shopify's names for them; only what is on sale takes it over.
    """
    on_sale = product.status == ProductStatus.PUBLISHED
    changes: dict[str, Any] = {}
    for variant in service.list_variants(session, product):
        before, variant.currency = variant.price, shop.currency
        said = told.get(variant.shopify_gid or "") if on_sale else None
        variant.price_minor, variant.reviewed_price_minor = parse_minor(said, shop.currency), None
        if before:
            # In words: each is in a currency of its own.
            changes[f"price {' / '.join(variant.option_values)}"] = [str(before), str(variant.price) if said else None]
    if changes:
        trail.record(session, product, "new_currency", "shopify", changes=changes)
    product.updated_at = clock.now()
    again = f"The shop sells in {shop.currency} now. Enter the prices in {shop.currency} and send it again."
    proposals.end_priced(session, product, again)
    if action := _BACK.get(product.status):
        service.send_back(session, product, action, again)


def _find_next(shop_id: int) -> _Part | None:
    """None when all prices are in the shop's currency."""
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id, with_for_update={"key_share": True})
        behind = select(Variant.product_id).where(Variant.shop_id == shop_id, Variant.currency != shop.currency)
        ids = session.scalars(behind.distinct().order_by(Variant.product_id).limit(_AT_ONCE)).all()
        if not ids:
            if shop.prices_due_at and clock.now() - shop.prices_due_at > _LONGEST_REQUEST:
                shop.prices_due_at = None
            return None
        on_sale = select(Variant.shopify_gid).join(Product, Product.id == Variant.product_id)
        on_sale = on_sale.where(Product.id.in_(ids), Product.status == ProductStatus.PUBLISHED)
        gids = [gid for gid in session.scalars(on_sale) if gid]
        return _Part(ShopCredentials(shop.id, shop.domain), shop.currency, ids, gids)


def _read_prices(part: _Part) -> dict[str, str]:
    """Without those that Shopify does not have any more."""
    found: list[Any] = []
    for start in range(0, len(part.gids), _A_CALL):
        found += graphql(part.shop, "nodesPriced", {"ids": part.gids[start : start + _A_CALL]})
    return {node["id"]: node["price"] for node in found if node}


def _follow(part: _Part, product_id: int, told: Mapping[str, str]) -> None:
    """In a transaction of its own: whoever waits for a product waits for no other."""
    with scoped(part.shop.shop_id) as session:
        product = session.get(Product, product_id, with_for_update=True)
        shop = session.get_one(Shop, part.shop.shop_id)
        if product is None or shop.currency != part.currency or not prices.are_old(session, product):
            return
        gids = {variant.shopify_gid for variant in service.list_variants(session, product) if variant.shopify_gid}
        if product.status != ProductStatus.PUBLISHED or gids <= set(part.gids):
            take_over(session, shop, product, told)
        # Else it came on sale while Shopify was asked: the next part has it.

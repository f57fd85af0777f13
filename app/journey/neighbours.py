"""What was looked at together, written to the products in Shopify, so that a page shows it without asking us."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

import structlog
from sqlalchemy import ColumnElement, delete, select, text, update
from sqlalchemy.orm import Session

from app import clock
from app.db import scoped
from app.models.journey import Activity, ProductNeighbours
from app.models.shops import Shop, ShopStatus
from app.shopify import definitions
from app.shopify.client import graphql
from app.shopify.errors import ShopifyUserErrors
from app.shopify.tokens import ShopCredentials

FEWEST: Final = 2
"""By so many visitors two products must have been looked at for one to lead to the other."""
MOST: Final = 8
_BUSIEST: Final = 50
"""Whoever looked at more products on a day is no customer."""
_AT_ONCE: Final = 25
_COUNT: Final = text("""
    INSERT INTO product_neighbours (shop_id, product_number, neighbours)
    WITH seen AS (
      SELECT DISTINCT activity.visitor, activity.product_number
      FROM activity JOIN products ON products.shop_id = activity.shop_id AND products.status = 'published'
        AND products.shopify_gid = 'gid://shopify/Product/' || activity.product_number
      WHERE activity.shop_id = :shop_id AND activity.kind = 'product_viewed'),
    people AS (SELECT visitor FROM seen GROUP BY visitor HAVING count(*) BETWEEN 2 AND :busiest),
    pairs AS (
      SELECT one.product_number AS product, other.product_number AS neighbour, count(*) AS visitors
      FROM people JOIN seen AS one USING (visitor) JOIN seen AS other USING (visitor)
      WHERE one.product_number <> other.product_number GROUP BY 1, 2 HAVING count(*) >= :fewest),
    ranked AS (
      SELECT *, row_number() OVER (PARTITION BY product ORDER BY visitors DESC, neighbour DESC) AS place FROM pairs)
    SELECT :shop_id, product, jsonb_agg(neighbour ORDER BY place) FROM ranked WHERE place <= :most GROUP BY product
    ON CONFLICT (shop_id, product_number) DO UPDATE SET neighbours = excluded.neighbours
""")
log = structlog.get_logger()


def list_shops(session: Session) -> list[int]:
    """Installed shops with visitors, whose products can hold neighbours."""
    query = select(Shop.id).where(
        Shop.status == ShopStatus.INSTALLED,
        Shop.definitions_version >= definitions.VERSION,
        select(Activity.shop_id).where(Activity.shop_id == Shop.id).exists(),
    )
    return list(session.scalars(query))


def renew(shop_id: int) -> int:
    """Count who looked at what together in the last 90 days, and tell Shopify what is new. Returns how many products
    that were. Killed half way, the next run tells the rest.
    """
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id)
        # Who has no neighbours any more is told so, too.
        session.execute(update(ProductNeighbours).where(ProductNeighbours.shop_id == shop_id).values(neighbours=[]))
        limits = {"busiest": _BUSIEST, "fewest": FEWEST, "most": MOST}
        session.execute(_COUNT, {"shop_id": shop_id, **limits})
    credentials, told = ShopCredentials(shop_id, shop.domain), 0
    for lot in _list_untold(shop_id):
        told += _tell(credentials, lot)
    log.info("neighbours_told", shop=shop.domain, products=told)
    return told


def _list_untold(shop_id: int) -> Iterator[Sequence[ProductNeighbours]]:
    with scoped(shop_id) as session:
        changed = ProductNeighbours.neighbours != ProductNeighbours.told
        query = select(ProductNeighbours).where(ProductNeighbours.shop_id == shop_id, changed)
        rows = session.scalars(query.order_by(ProductNeighbours.product_number)).all()
    for first in range(0, len(rows), _AT_ONCE):
        yield rows[first : first + _AT_ONCE]


def _tell(shop: ShopCredentials, rows: Sequence[ProductNeighbours]) -> int:
    """All of them or none: when Shopify refuses one, each is told alone, and what is gone there is forgotten here."""
    try:
        graphql(shop, "metafieldsSet", {"metafields": [_metafield(row) for row in rows]})
    except ShopifyUserErrors as refused:
        if len(rows) > 1:
            return sum(_tell(shop, [row]) for row in rows)
        log.info("neighbours_refused", shop=shop.domain, product=rows[0].product_number, error=str(refused))
        with scoped(shop.shop_id) as session:
            session.execute(delete(ProductNeighbours).where(*_is(rows[0])))
        return 0
    with scoped(shop.shop_id) as session:
        for row in rows:
            values = {"told": row.neighbours, "told_at": clock.now()}
            session.execute(update(ProductNeighbours).where(*_is(row)).values(values))
    return len(rows)


def _is(row: ProductNeighbours) -> tuple[ColumnElement[bool], ...]:
    return ProductNeighbours.shop_id == row.shop_id, ProductNeighbours.product_number == row.product_number


def _metafield(row: ProductNeighbours) -> dict[str, str]:
    gids = [f"gid://shopify/Product/{number}" for number in row.neighbours]
    return {
        "ownerId": f"gid://shopify/Product/{row.product_number}",
        "namespace": definitions.PRODUCT_NAMESPACE,
        "key": definitions.NEIGHBOURS_KEY,
        "type": "list.product_reference",
        "value": json.dumps(gids),
    }

"""Vendor groups, and the collections that rules name: what a rule may ask about beyond the product's own row."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import structs
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.commissions.queries import list_asked
from app.commissions.rules import Conditions, Rule, SoldLine, describe_conditions
from app.errors import ValidationErrors
from app.models.commissions import CollectionProduct, VendorGroup, VendorGroupMember
from app.models.products import Product
from app.models.shops import Shop
from app.models.vendors import Vendor


@dataclass(frozen=True, slots=True)
class GroupRow:
    group: VendorGroup
    vendors: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Members:
    """Who is in the groups and collections of a list now: what is known of lines sold when no rule asked about them."""

    groups: Mapping[int, frozenset[int]]
    collections: Mapping[str, frozenset[str]]
    asked: Sequence[tuple[datetime, datetime | None, Conditions]]
    """From and to (exclusive) a moment, what was asked about lines, and kept with them."""

    def add_to(self, line: SoldLine) -> SoldLine:
        """The line as kept, and with those of now that nobody asked about then."""
        at = line.ordered_at
        then = [asked for start, end, asked in self.asked if start <= at and (end is None or at < end)]
        groups, collections = self.groups.get(line.vendor_id), self.collections.get(line.product_gid or "")
        if groups:
            groups = line.group_ids | groups.difference(*(asked.group_ids for asked in then))
            line = structs.replace(line, group_ids=groups)
        if collections:
            collections = line.collection_gids | collections.difference(*(asked.collection_gids for asked in then))
            line = structs.replace(line, collection_gids=collections)
        return line


def find_members(
    session: Session, shop_id: int, rules: Sequence[Rule], product_gids: Collection[str], since: datetime
) -> Members:
    """Where the rules name groups or collections; `product_gids` and `since`: of the lines, and the first was sold."""
    groups = list_groups_of_vendors(session, shop_id) if any(rule.conditions.group_ids for rule in rules) else {}
    in_use = any(rule.conditions.collection_gids for rule in rules)
    collections = list_collections_of_products(session, shop_id, product_gids) if in_use else {}
    asked = list_asked(session, shop_id, since) if groups or collections else ()
    return Members(groups, collections, asked)


def list_groups(session: Session, shop_id: int) -> list[GroupRow]:
    """By name, each with its vendors by name."""
    groups = session.scalars(
        select(VendorGroup).where(VendorGroup.shop_id == shop_id).order_by(func.lower(VendorGroup.name))
    ).all()
    members = (
        select(VendorGroupMember.group_id, Vendor.id, Vendor.name)
        .join(Vendor, Vendor.id == VendorGroupMember.vendor_id)
        .where(VendorGroupMember.shop_id == shop_id)
        .order_by(Vendor.name, Vendor.id)
    )
    by_group: dict[int, list[tuple[int, str]]] = {}
    for group_id, vendor_id, name in session.execute(members):
        by_group.setdefault(group_id, []).append((vendor_id, name))
    return [GroupRow(group, by_group.get(group.id, [])) for group in groups]


def name_conditions(session: Session, shop: Shop) -> Callable[[Conditions, Mapping[str, str]], list[str]]:
    """Says conditions, and their labels, in phrases, by what vendors and groups are called now, whoever left too."""
    named = select(Vendor.id, Vendor.name).where(Vendor.shop_id == shop.id)
    vendors = {row.id: row.name for row in session.execute(named)}
    groups = {row.group.id: row.group.name for row in list_groups(session, shop.id)}
    zone = ZoneInfo(shop.timezone)
    return lambda conditions, labels: describe_conditions(conditions, vendors, labels, groups, zone)


def list_groups_of_vendors(session: Session, shop_id: int) -> dict[int, frozenset[int]]:
    """Group ids by vendor id."""
    query = select(VendorGroupMember.vendor_id, VendorGroupMember.group_id)
    return _gather(session.execute(query.where(VendorGroupMember.shop_id == shop_id)))


def list_collections_of_products(
    session: Session, shop_id: int, product_gids: Collection[str]
) -> dict[str, frozenset[str]]:
    """Collections that rules name, by product, as they were last read from Shopify."""
    query = select(CollectionProduct.product_gid, CollectionProduct.collection_gid)
    mine = (CollectionProduct.shop_id == shop_id, CollectionProduct.product_gid.in_(product_gids))
    return _gather(session.execute(query.where(*mine)))


def complete(session: Session, shop_id: int, line: SoldLine) -> SoldLine:
    """A line that somebody only asks about, as an order would have it: with the vendor's groups, and what is known of
    its product where the question says nothing.

    Raises ValidationErrors for another vendor's product.
    """
    line = structs.replace(line, group_ids=list_groups_of_vendors(session, shop_id).get(line.vendor_id, frozenset()))
    if line.product_gid is None:
        return line
    query = select(Product).where(Product.shop_id == shop_id, Product.shopify_gid == line.product_gid)
    product = session.scalars(query).one_or_none()
    if product is None:
        return line
    if product.vendor_id != line.vendor_id:
        raise ValidationErrors({"product_gid": "This product is another vendor's."})
    collections = list_collections_of_products(session, shop_id, [line.product_gid])
    return structs.replace(
        line,
        category_gid=line.category_gid or product.category_gid,
        collection_gids=line.collection_gids or collections.get(line.product_gid, frozenset()),
        tags=line.tags or frozenset(tag.lower() for tag in product.tags),
    )


def write_sold_line(line: SoldLine) -> dict[str, Any]:
    """What an order line keeps of what rules could ask about it."""
    return {
        "product": line.product_gid,
        "category": line.category_gid,
        "collections": sorted(line.collection_gids),
        "groups": sorted(line.group_ids),
        "tags": sorted(line.tags),
        "unit_price": line.unit_price,
    }


def read_sold_line(stored: Mapping[str, Any], vendor_id: int, currency: str, ordered_at: datetime) -> SoldLine:
    return SoldLine(
        vendor_id=vendor_id,
        group_ids=frozenset(stored["groups"]),
        product_gid=stored["product"],
        category_gid=stored["category"],
        collection_gids=frozenset(stored["collections"]),
        tags=frozenset(stored["tags"]),
        unit_price=stored["unit_price"],
        currency=currency,
        ordered_at=ordered_at,
    )


def _gather(rows: Iterable[Any]) -> dict[Any, frozenset[Any]]:
    found: dict[Any, set[Any]] = {}
    for key, value in rows:
        found.setdefault(key, set()).add(value)
    return {key: frozenset(values) for key, values in found.items()}

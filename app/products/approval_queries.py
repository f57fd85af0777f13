"""What rules would have done: the last products and edits that vendors sent, judged by the rules as they are now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.models.approvals import ApprovalRule
from app.models.commissions import VendorGroup, VendorGroupMember
from app.models.products import Product, ProductProposal, ProductStatus, ProposalStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus
from app.products import approval_rules, approvals
from app.products.approval_rules import Case

LAST: Final = 200
_TURNED_DOWN: Final = {
    ProductStatus.REJECTED,
    ProductStatus.CHANGES_REQUESTED,
    ProposalStatus.REJECTED,
    ProposalStatus.CHANGES_REQUESTED,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """Something a vendor sent: what a rule sees of it, and whether a person turned it down."""

    case: Case
    turned_down: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of the last so many things sent, how many a rule would have approved, and how many of those were turned down."""

    approved: int
    turned_down: int


def list_sent(session: Session, shop_id: int) -> Sequence[Sent]:
    """The last products and edits together, newest first. A product is looked at as it is now.

    Without edits of when the shop had another currency: their prices are not to be compared with today's.
    """
    shop = session.get_one(Shop, shop_id)
    products = session.scalars(
        select(Product)
        .where(Product.shop_id == shop_id, Product.submitted_at.is_not(None))
        .order_by(Product.submitted_at.desc())
        .limit(LAST)
    ).all()
    edits = session.execute(
        select(ProductProposal, Product)
        .join(Product, Product.id == ProductProposal.product_id)
        .where(ProductProposal.shop_id == shop_id)
        .order_by(ProductProposal.sent_at.desc())
        .limit(LAST)
    ).all()
    ids = {product.id for product in products} | {product.id for _, product in edits}
    variants: dict[int, list[Variant]] = {}
    for variant in session.scalars(select(Variant).where(Variant.product_id.in_(ids))):
        variants.setdefault(variant.product_id, []).append(variant)
    groups = _groups(session, shop_id)
    found: list[tuple[datetime, Sent]] = []
    for product in products:
        case = approvals.case_of(session, product, variants.get(product.id, []), groups=groups)
        if product.submitted_at is not None:
            found.append((product.submitted_at, Sent(case, product.status in _TURNED_DOWN)))
    for edit, product in edits:
        if shop.currency_at(edit.sent_at) != shop.currency:
            continue
        case = approvals.case_of(session, product, variants.get(product.id, []), edit.changes, groups)
        found.append((edit.sent_at, Sent(case, edit.status in _TURNED_DOWN)))
    found.sort(key=lambda entry: entry[0], reverse=True)
    return [sent for _, sent in found[:LAST]]


def forecast(rules: Sequence[ApprovalRule], sent: Sequence[Sent]) -> tuple[Forecast, dict[int, Forecast]]:
    """(all rules together, each rule for what it is the first to fit, by the rule's place in `rules`)."""
    counts = {place: [0, 0] for place in range(len(rules))}
    places = {id(rule): place for place, rule in enumerate(rules)}
    for one in sent:
        rule = approval_rules.find_rule(rules, one.case)
        if rule is not None:
            counts[places[id(rule)]][0] += 1
            counts[places[id(rule)]][1] += one.turned_down
    each = {place: Forecast(*count) for place, count in counts.items()}
    return Forecast(sum(f.approved for f in each.values()), sum(f.turned_down for f in each.values())), each


def list_names(session: Session, shop_id: int) -> tuple[Mapping[int, str], Mapping[int, str]]:
    """(vendors, vendor groups) that rules name, by id, in the order of their names."""
    vendors = session.execute(select(Vendor.id, Vendor.name).where(Vendor.shop_id == shop_id).order_by(Vendor.name))
    groups = session.execute(
        select(VendorGroup.id, VendorGroup.name).where(VendorGroup.shop_id == shop_id).order_by(VendorGroup.name)
    )
    return {row.id: row.name for row in vendors}, {row.id: row.name for row in groups}


def list_sellers(session: Session, shop_id: int, named: Collection[int] = ()) -> Mapping[int, str]:
    """Who can send something to approve, and whom a rule names already, by id, in the order of their names."""
    sells = Vendor.status.in_([VendorStatus.APPROVED, VendorStatus.SUSPENDED])
    query = select(Vendor.id, Vendor.name).where(Vendor.shop_id == shop_id, or_(sells, Vendor.id.in_(named)))
    return {row.id: row.name for row in session.execute(query.order_by(Vendor.name))}


def _groups(session: Session, shop_id: int) -> Mapping[int, frozenset[int]]:
    held: dict[int, set[int]] = {}
    query = select(VendorGroupMember.vendor_id, VendorGroupMember.group_id).where(VendorGroupMember.shop_id == shop_id)
    for vendor_id, group_id in session.execute(query):
        held.setdefault(vendor_id, set()).add(group_id)
    return {vendor_id: frozenset(ids) for vendor_id, ids in held.items()}

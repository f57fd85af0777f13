"""/commission-rules"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from flask import g
from msgspec import Meta
from sqlalchemy import select

from app import clock
from app.api.operations import check_version, operation
from app.api.shapes import Amount, Bps, Currency, Id, Moment, Page, amount, check_bps
from app.auth import api
from app.auth.scopes import Scope
from app.commissions import queries, rules, service, sets
from app.commissions.agreements import get_agreed
from app.errors import NotFound, ValidationErrors
from app.models.commissions import CommissionRule as Row
from app.models.commissions import VendorGroup
from app.models.vendors import Vendor

Minor = Annotated[int, Meta(ge=0, le=10**14)]
HoldDays = Annotated[
    Annotated[int, Meta(ge=0, le=365)] | None,
    Meta(description="For how many days after the parcel the vendor's money waits. Null: as agreed with the vendor."),
]
ProductGid = Annotated[str, Meta(pattern=r"^gid://shopify/Product/\d+$")]
CategoryGid = Annotated[str, Meta(pattern=r"^gid://shopify/TaxonomyCategory/[a-z0-9-]+$")]
CollectionGid = Annotated[str, Meta(pattern=r"^gid://shopify/Collection/\d+$")]


class Conditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that are given must hold; an empty one does not restrict. A rule without any never fires."""

    vendor_ids: Annotated[list[Id], Meta(max_length=1000)] = []
    group_ids: Annotated[
        list[Id], Meta(max_length=1000, description="Groups of vendors: one of the vendors, or somebody of a group.")
    ] = []
    product_gids: Annotated[list[ProductGid], Meta(max_length=1000)] = []
    category_gids: Annotated[list[CategoryGid], Meta(max_length=1000, description="Everything below counts too.")] = []
    collection_gids: Annotated[list[CollectionGid], Meta(max_length=1000, description="One of them is enough.")] = []
    tags: Annotated[list[str], Meta(max_length=1000, description="One of them is enough.")] = []
    price_from: Minor | None = None
    price_to: Annotated[int, Meta(ge=0, le=10**14, description="Exclusive.")] | None = None
    price_currency: Currency | None = None
    ordered_from: Moment | None = None
    ordered_to: Moment | None = None


class RuleDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule as you want it."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    rate_bps: Bps
    conditions: Conditions = Conditions()
    flat: Annotated[dict[Currency, Minor], Meta(description="For each unit, minor units by currency.")] = {}
    floor: Annotated[dict[Currency, Minor], Meta(description="At least, for the line.")] = {}
    cap: Annotated[dict[Currency, Minor], Meta(description="At most, for the line.")] = {}
    net_of_tax: Annotated[bool, Meta(description="Take the included tax out of the base first.")] = False
    with_shipping: Annotated[bool, Meta(description="Take the rate of the vendor's part of the shipping too.")] = False
    hold_days: HoldDays = None


class Rule(msgspec.Struct, frozen=True):
    """One rule of the list. The first whose conditions hold wins; the default is always last."""

    number: Id
    version: int
    name: str
    is_default: bool
    rate_bps: Decimal
    conditions: Conditions
    flat: dict[Currency, Minor]
    floor: dict[Currency, Minor]
    cap: dict[Currency, Minor]
    net_of_tax: bool
    with_shipping: bool
    hold_days: HoldDays
    valid_from: Moment
    changed_by: str
    shadowed_by: Annotated[int, Meta(description="Number of a rule above that always wins first.")] | None


class RuleOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every rule but the default, from the top."""

    numbers: Annotated[list[Id], Meta(max_length=10_000)]


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line that might be sold."""

    vendor_id: Id
    unit_price_minor: Minor
    quantity: Annotated[int, Meta(ge=1, le=10_000)] = 1
    currency: Currency | None = None
    product_gid: ProductGid | None = None
    category_gid: CategoryGid | None = None
    collection_gids: list[CollectionGid] = []
    tags: list[str] = []
    ordered_at: Moment | None = None


class Simulation(msgspec.Struct, frozen=True):
    """Which rule fires, why, and what it takes."""

    rule_number: int | None
    rule_name: str | None
    reason: str
    runner_up_number: int | None
    price: Amount
    commission: Amount
    vendor_gets: Amount
    hold_days: Annotated[int, Meta(description="For how many days after the parcel the vendor's money waits.")]


@operation("GET", "/commission-rules", tag="Commission", scope=Scope.COMMISSIONS_READ)
def list_rules() -> Page[Rule]:
    """List the rules in force, from the top.

    All of them: the list is short. Its `ETag` guards reordering.
    """
    service.ensure_default_rule(g.session, g.shop.id)
    return Page(_list(), None)


@operation("GET", "/commission-rules/<int:number>", tag="Commission", scope=Scope.COMMISSIONS_READ)
def get_rule(number: int) -> Rule:
    """Get one rule."""
    found = next((rule for rule in _list() if rule.number == number), None)
    if found is None:
        raise NotFound("There is no such rule in force.")
    return found


@operation(
    "POST",
    "/commission-rules",
    tag="Commission",
    scope=Scope.COMMISSIONS_WRITE,
    located="/commission-rules/{0.number}",
)
def create_rule(body: RuleDraft) -> Rule:
    """Create a rule.

    It stands above the default and below the others, and counts for orders from now on.
    """
    service.ensure_default_rule(g.session, g.shop.id)
    return get_rule(service.add_rule(g.session, g.shop, _read(body), api.actor()))


@operation("PUT", "/commission-rules/<int:number>", tag="Commission", scope=Scope.COMMISSIONS_WRITE, has_version=True)
def replace_rule(number: int, body: RuleDraft) -> Rule:
    """Replace a rule from now on.

    The past keeps its version. The default has no conditions.
    """
    service.lock_list(g.session, g.shop.id)
    before = get_rule(number)
    check_version(before)
    # What people call the products and collections of the conditions is not the program's to forget.
    labels = dict(queries.to_rule(queries.get_version(g.session, g.shop.id, number)).labels)
    draft = replace(_read(body, is_default=before.is_default), labels=labels)
    service.change_rule(g.session, g.shop, number, draft, api.actor())
    return get_rule(number)


@operation(
    "DELETE", "/commission-rules/<int:number>", tag="Commission", scope=Scope.COMMISSIONS_WRITE, has_version=True
)
def end_rule(number: int) -> None:
    """End a rule now.

    Orders that it was applied to keep it. The default cannot be ended.
    """
    service.lock_list(g.session, g.shop.id)
    check_version(get_rule(number))
    service.remove_rule(g.session, g.shop, number, api.actor())


@operation("PUT", "/commission-rules/order", tag="Commission", scope=Scope.COMMISSIONS_WRITE, has_version=True)
def reorder_rules(body: RuleOrder) -> Page[Rule]:
    """Put the rules into another order."""
    service.ensure_default_rule(g.session, g.shop.id)
    service.lock_list(g.session, g.shop.id)
    check_version(Page(_list(), None))
    service.reorder_rules(g.session, g.shop, body.numbers, api.actor())
    return Page(_list(), None)


@operation("POST", "/commission-rules/simulate", tag="Commission", scope=Scope.COMMISSIONS_READ)
def simulate_rules(body: Question) -> Simulation:
    """Simulate: ask which rule would fire for a line.

    Says why, and what it would take, by the list of `ordered_at`: as it is, was or is planned. Of a product, its own
    category, collections and tags count where you give none. Changes nothing.
    """
    if _unknown(Vendor, [body.vendor_id]):
        raise ValidationErrors({"vendor_id": f"There is no vendor {body.vendor_id}."})
    currency = body.currency or g.shop.currency
    asked = rules.SoldLine(
        vendor_id=body.vendor_id,
        product_gid=body.product_gid,
        category_gid=body.category_gid,
        collection_gids=frozenset(body.collection_gids),
        tags=_read_tags(body.tags),
        unit_price=body.unit_price_minor,
        currency=currency,
        ordered_at=body.ordered_at or clock.now(),
    )
    line = sets.complete(g.session, g.shop.id, asked)
    listed = queries.list_rules(g.session, g.shop.id, line.ordered_at)
    choice = rules.choose_rule(listed, line, ZoneInfo(g.shop.timezone))
    agreed = get_agreed(g.session, g.shop.id)
    base = body.unit_price_minor * body.quantity
    fee = rules.fee(choice.winner, base, body.quantity, currency) if choice.winner else 0
    return Simulation(
        rule_number=choice.winner.id if choice.winner else None,
        rule_name=choice.winner.name if choice.winner else None,
        reason=choice.reason,
        runner_up_number=choice.runner_up.id if choice.runner_up else None,
        price=amount(base, currency),
        commission=amount(fee, currency),
        vendor_gets=amount(base - fee, currency),
        hold_days=rules.days_on_hold(choice.winner, agreed.of(body.vendor_id).hold_days),
    )


def _list() -> list[Rule]:
    rows = queries.list_versions(g.session, g.shop.id)
    dead = rules.shadowed([queries.to_rule(row) for row in rows])
    return [_write(row, dead) for row in rows]


def _write(row: Row, dead: Mapping[int, rules.Rule | None]) -> Rule:
    known = queries.to_rule(row)
    above = dead.get(row.rule_number)
    return Rule(
        number=row.rule_number,
        version=row.version,
        name=row.name,
        is_default=row.is_default,
        rate_bps=row.rate_bps,
        conditions=_write_conditions(known.conditions),
        flat=dict(row.flat),
        floor=dict(row.floor),
        cap=dict(row.cap),
        net_of_tax=row.net_of_tax,
        with_shipping=row.with_shipping,
        hold_days=row.hold_days,
        valid_from=row.valid_from,
        changed_by=row.changed_by,
        shadowed_by=above.id if above else None,
    )


def _write_conditions(held: rules.Conditions) -> Conditions:
    return Conditions(
        vendor_ids=sorted(held.vendor_ids),
        group_ids=sorted(held.group_ids),
        product_gids=sorted(held.product_gids),
        category_gids=sorted(held.category_gids),
        collection_gids=sorted(held.collection_gids),
        tags=sorted(held.tags),
        price_from=held.price_from,
        price_to=held.price_to,
        price_currency=held.price_currency if held.has_price_band else None,
        ordered_from=held.ordered_from,
        ordered_to=held.ordered_to,
    )


def _read(draft: RuleDraft, *, is_default: bool = False) -> service.Draft:
    """Raises ValidationErrors naming the field."""
    check_bps(draft.rate_bps, "rate_bps")
    wanted = draft.conditions
    errors = {}
    if not draft.name.strip():
        errors["name"] = "Give the rule a name."
    for currency, most in draft.cap.items():
        if most < draft.floor.get(currency, 0):
            errors[f"#/cap/{currency}"] = "The most cannot be below the least."
    conditions = _read_conditions(wanted)
    errors |= _find_faults(wanted)
    if conditions.is_empty and not is_default:
        errors["conditions"] = "Give at least one condition. A rule without any never fires."
    if is_default and draft.hold_days is not None:
        errors["hold_days"] = (
            "The default rule would overrule what is agreed with vendors. Set the shop's days instead."
        )
    if errors:
        raise ValidationErrors(errors)
    flat, floor, cap = dict(draft.flat), dict(draft.floor), dict(draft.cap)
    takes = (draft.net_of_tax, draft.with_shipping, draft.hold_days)
    return service.Draft(draft.name.strip(), draft.rate_bps, conditions, flat, floor, cap, *takes)


def _find_faults(wanted: Conditions) -> dict[str, str]:
    errors = {}
    has_band = wanted.price_from is not None or wanted.price_to is not None
    if has_band and wanted.price_currency is None:
        errors["#/conditions/price_currency"] = "Say in which currency the prices are."
    if wanted.price_to is not None and wanted.price_to <= (wanted.price_from or 0):
        errors["#/conditions/price_to"] = "The upper price must be above the lower one."
    if wanted.ordered_from and wanted.ordered_to and wanted.ordered_to <= wanted.ordered_from:
        errors["#/conditions/ordered_to"] = "The end must be after the beginning."
    if unknown := _unknown(Vendor, wanted.vendor_ids):
        errors["#/conditions/vendor_ids"] = f"There is no vendor {unknown[0]}."
    if unknown := _unknown(VendorGroup, wanted.group_ids):
        errors["#/conditions/group_ids"] = f"There is no group {unknown[0]}."
    return errors


def _read_conditions(given: Conditions) -> rules.Conditions:
    read = rules.Conditions(
        vendor_ids=frozenset(given.vendor_ids),
        group_ids=frozenset(given.group_ids),
        product_gids=frozenset(given.product_gids),
        category_gids=frozenset(given.category_gids),
        collection_gids=frozenset(given.collection_gids),
        tags=_read_tags(given.tags),
        price_from=given.price_from,
        price_to=given.price_to,
        price_currency=given.price_currency,
        ordered_from=given.ordered_from,
        ordered_to=given.ordered_to,
    )
    return read if read.has_price_band else replace(read, price_currency=None)


def _read_tags(given: list[str]) -> frozenset[str]:
    return frozenset(tag.strip().lower() for tag in given) - {""}


def _unknown(kind: type[Vendor | VendorGroup], ids: list[int]) -> list[int]:
    known = set(g.session.scalars(select(kind.id).where(kind.shop_id == g.shop.id, kind.id.in_(ids))))
    return sorted(set(ids) - known)

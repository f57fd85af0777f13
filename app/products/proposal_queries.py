"""Reading edits: those of a product as its vendor sees them, and one beside what is on sale for its reviewer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import formats
from app.errors import NotFound
from app.languages import _
from app.models.products import OPEN_PROPOSAL, Product, ProductImage, ProductProposal, ProposalStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money
from app.products import attributes, option_rules, proposals, service
from app.products import proposal_rules as rules
from app.products.descriptions import plain_text

Pieces: TypeAlias = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """One field of an edit, in words. `now` is set when the shop was changed since the vendor looked."""

    field: str
    label: str
    was: str
    wanted: str
    pieces: Pieces
    pictures: Sequence[Sequence[rules.Picture]]
    """What is on sale, and what is wanted, when the field is "pictures"."""
    now: str | None
    taken: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """An edit beside what is on sale. `seen` names what was compared, to be sent with a decision."""

    proposal: ProductProposal
    lines: Sequence[Line]
    seen: str

    @property
    def drifted(self) -> bool:
        return any(line.now is not None for line in self.lines)


def list_edits(session: Session, product: Product) -> Sequence[Compared]:
    """A product's latest ten edits, newest first."""
    query = select(ProductProposal).where(ProductProposal.product_id == product.id)
    found = session.scalars(query.order_by(ProductProposal.id.desc()).limit(10)).all()
    variants = service.list_variants(session, product) if found else ()
    images = service.list_images(session, product) if found else ()
    shop = session.get_one(Shop, product.shop_id)
    return [compare(shop, product, variants, images, proposal) for proposal in found]


def get_edit(session: Session, shop_id: int, proposal_id: int) -> tuple[Product, Vendor, Compared]:
    """Raises NotFound for another shop's edit."""
    query = (
        select(Product, Vendor, ProductProposal)
        .join(ProductProposal, ProductProposal.product_id == Product.id)
        .join(Vendor, Vendor.id == Product.vendor_id)
        .where(ProductProposal.shop_id == shop_id, ProductProposal.id == proposal_id)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no such edit.")
    product, vendor, proposal = row
    variants, images = service.list_variants(session, product), service.list_images(session, product)
    return product, vendor, compare(session.get_one(Shop, shop_id), product, variants, images, proposal)


def compare(
    shop: Shop,
    product: Product,
    variants: Sequence[Variant],
    images: Sequence[ProductImage],
    proposal: ProductProposal,
) -> Compared:
    """An edit field by field, in the currency of its time; while it is open, with what was changed in the shop
    meanwhile.
    """
    names = {v.id: " / ".join(v.option_values) if product.options else "" for v in variants}
    live = proposals.content_of(product, variants, images)
    is_open = proposal.status in OPEN_PROPOSAL
    now = rules.drifted(proposal.changes, live) if is_open else {}
    currency = shop.currency_at(proposal.sent_at)
    lines = [
        _line(field, change, now, proposal, names, currency)
        for field, change in sorted(proposal.changes.items(), key=_rank)
    ]
    return Compared(proposal, lines, rules.fingerprint(proposal.version, proposal.changes, live))


def summarise(proposal: ProductProposal) -> str:
    """What an edit is about: "Title, 3 prices"."""
    words = [str(rules.WORDS[field]) for field in rules.WORDS if field in proposal.changes]
    for kind, one, many in (
        ("price", "Price", "prices"),
        ("sku", "SKU", "SKUs"),
        ("picture", "Variant's picture", "variants' pictures"),
    ):
        count = sum(rules.variant_of(field)[0] == kind for field in proposal.changes)
        words += [one if count == 1 else f"{count} {many}"] if count else []
    return ", ".join(words)


def count_waiting(session: Session, shop_id: int) -> int:
    """How many edits wait for the merchant's decision."""
    waiting = select(func.count()).where(
        ProductProposal.shop_id == shop_id, ProductProposal.status == ProposalStatus.WAITING
    )
    return session.scalar(waiting) or 0


def title_of(session: Session, proposal: ProductProposal) -> str:
    """The product's title as it is on sale."""
    return session.get_one(Product, proposal.product_id).title


def write_value(field: str, value: Any, currency: str) -> str:
    """A field's value in a reader's words."""
    if value is None:
        return ""
    kind = rules.variant_of(field)[0]
    if kind in _WRITTEN:
        return _WRITTEN[kind](value)
    return formats.write_money(Money(value, currency)) if field.startswith("price ") else str(value)


def _write_pictures(pictures: Sequence[Mapping[str, str]]) -> str:
    return "; ".join(f"{place}. {picture['alt'] or _('no words')}" for place, picture in enumerate(pictures, start=1))


def _write_option(option: Mapping[str, Any]) -> str:
    return f"{option['name']}: {', '.join(option['values'])}"


_WRITTEN: Final[Mapping[str, Callable[[Any], str]]] = {
    "description": plain_text,
    "pictures": _write_pictures,
    "picture": lambda value: _write_pictures([value]),
    "attributes": attributes.describe,
    "options": lambda value: "; ".join(_write_option(each) for each in value),
    "variants": lambda value: "; ".join(" / ".join(each["values"]) for each in value),
    "category": lambda value: str(value["name"] or value["gid"]),
}


def _compare_variants(was: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], currency: str) -> Pieces:
    """Each variant on a line of its own, new ones with what they cost and how many there are."""
    kept, held = [each["values"] for each in now], [each["values"] for each in was]
    pieces = [("same" if values in kept else "gone", " / ".join(values) + "\n") for values in held]
    for each in now:
        if "price" in each and each["values"] not in held:
            price = formats.write_money(Money(each["price"], currency))
            named = {"variant": " / ".join(each["values"]), "price": price, "count": each["stock"]}
            pieces.append(("new", _("%(variant)s: %(price)s, %(count)s in stock", **named) + "\n"))
    return pieces


def _compare_options(was: option_rules.Options, now: option_rules.Options) -> Pieces:
    """Each option on a line of its own as it is on sale, then as it is wanted, with what each new name stands for."""
    pieces = [("gone", _write_option(option) + "\n") for option in was]
    for option in option_rules.as_wanted(now):
        pairs = [(option["name"], option["was"]), *zip(option["values"], option["were"], strict=True)]
        head, *values = [
            name if name == before else _("%(name)s (was %(before)s)", name=name, before=before)
            for name, before in pairs
        ]
        pieces.append(("new", f"{head}: {', '.join(values)}\n"))
    return pieces


def _compare_pictures(field: str, was: Any, wanted: Any) -> Sequence[Sequence[rules.Picture]]:
    """Both sides of an edit that is about pictures, those of new variants included; none of another one."""
    kind = rules.variant_of(field)[0]
    if kind == "pictures":
        return rules.compare_pictures(was, wanted)
    if kind == "picture":
        return rules.compare_pictures([was] if was else [], [wanted] if wanted else [])
    new = [each for each in wanted if each.get("picture")] if kind == "variants" else []
    shown = [rules.Picture(each["picture"]["url"], " / ".join(each["values"]), "new") for each in new]
    return [[], shown] if shown else []


def _rank(item: tuple[str, Any]) -> tuple[int, int]:
    kind, variant_id = rules.variant_of(item[0])
    order = [*rules.WORDS, "price", "sku", "picture"]
    return order.index(kind) if kind in order else len(order), variant_id or 0


def _line(
    field: str,
    change: list[Any],
    now: rules.Snapshot,
    proposal: ProductProposal,
    names: Mapping[int, str],
    currency: str,
) -> Line:
    was, wanted = (write_value(field, value, currency) for value in change)
    drift = (write_value(field, now[field], currency) or "empty") if field in now else None
    is_text = field in {"title", "description", "seo_title", "seo_description"}
    pieces = rules.compare_words(was, wanted) if is_text else []
    if field == "variants":
        pieces = _compare_variants(now.get(field) or change[0], change[1], currency)
    if field == "options":
        pieces = _compare_options(now.get(field) or change[0], change[1])
    pictures = _compare_pictures(field, now.get(field, change[0]), change[1])
    return Line(field, rules.label(field, names), was, wanted, pieces, pictures, drift, field in proposal.taken)

"""What a file would do to one product: made new, changed field by field, left, or refused with the reason. Pure.

A snapshot is that of app/products/proposal_rules.py with "stock 7" besides, and "stock@3 7" for what lies of the
variant 7 at the location 3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.languages import _, noted
from app.products import rules
from app.products.descriptions import plain_text
from app.products.imports.columns import stock_at
from app.products.imports.items import Item, Mistake, Row
from app.products.proposal_rules import Changes, Snapshot, same, variant_of
from app.products.service import Content, VariantContent

FETCHED: Final = "fetched"
"""Among changes: the addresses of pictures that are to be fetched."""
CHOSEN: Final = "chosen"
"""Among changes: [variant, address] of those that are to show a picture once it is fetched. One that is new on sale
goes by its values."""
_MOVABLE = frozenset({"draft", "changes_requested", "published"})
_STATES = {
    "submitted": noted("It is on its way to the review. Withdraw it first."),
    "in_review": noted("It is being reviewed. Withdraw it first."),
    "rejected": noted("It was not accepted."),
    "archived": noted("It is archived. Put it back to the drafts first."),
}


@dataclass(frozen=True, slots=True)
class Held:
    """A product as its vendor wants it now: what is on sale or in the draft, with what waits for a decision."""

    status: str
    content: Snapshot
    options: tuple[rules.Option, ...]
    variants: Mapping[tuple[str, ...], int]
    pictures: Sequence[frozenset[str]] = ()
    """Of each picture, the addresses by which a file may name it."""
    ready: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """Pictures that Shopify has, by these addresses."""


@dataclass(slots=True)
class Plan:
    """`added` are variants that the product does not have, with its options as they then are."""

    changes: Changes = field(default_factory=dict)
    added: list[VariantContent] = field(default_factory=list)
    shows: dict[tuple[str, ...], str] = field(default_factory=dict)
    """Of added variants of a product on sale, by their values, the address of the picture that is to show them."""
    options: tuple[rules.Option, ...] = ()
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def action(self) -> str:
        if self.mistakes:
            return "bad"
        return "change" if self.changes or self.added else "same"


def compare(held: Held, item: Item, category: dict[str, Any] | None) -> Plan:
    """What has to be changed in a product for it to be as the file says. `category` is the file's, looked up."""
    plan = Plan(options=held.options)
    wanted: Snapshot = {name: text for name, text in item.words.items() if name != "category"}
    if category is not None:
        wanted["category"] = category
    for row in item.rows:
        _place(plan, held, item, row, wanted)
    _place_pictures(plan, held, item)
    known = {f: value for f, value in wanted.items() if f in held.content}
    plan.changes |= {f: [held.content[f], value] for f, value in known.items() if not _same(f, held.content[f], value)}
    line = item.lines[0].number if item.lines else 0
    only_stock = all(variant_of(name)[0].startswith("stock") for name in plan.changes) and not plan.added
    if plan.changes or plan.added:
        if held.status == "archived" or (held.status not in _MOVABLE and not only_stock):
            plan.mistakes.append(Mistake(line, "title", _STATES[held.status]))
        if held.status == "published":
            _check_on_sale(plan, line)
            _propose_variants(plan, held, line)
    return plan


def content_of(item: Item, category: dict[str, Any] | None) -> tuple[Content, list[VariantContent]]:
    """A new product as the file says."""
    gid, name = (category["gid"], category["name"]) if category else (None, None)
    words = item.words
    content = Content(
        words.get("title", ""),
        words.get("description", ""),
        gid,
        name,
        [],
        words.get("seo_title", ""),
        words.get("seo_description", ""),
        item.options,
    )
    rows = item.rows or [Row(0, (), "")]
    return content, [_variant(row) for row in rows]


def check_new(item: Item) -> list[Mistake]:
    """What is wrong with a product that is to be made."""
    line = item.lines[0].number
    if item.number:
        return [Mistake(line, "number", _("None of your products has this number. Leave it empty for a new product."))]
    if not item.title:
        return [Mistake(line, "title", _("A new product needs a title."))]
    if not item.option_names and len(item.rows) > 1:
        words = _("Several lines for one product: name its option, for example Size, and the value in each line.")
        return [Mistake(item.rows[1].line, "option_1_name", words)]
    wrong = rules.check_options(item.options)
    return [Mistake(line, "option_1_name", words) for words in wrong.values()]


def _place(plan: Plan, held: Held, item: Item, row: Row, wanted: Snapshot) -> None:
    """Find the variant that a line is about, and note what the line wants of it."""
    says = row.values or row.label or row.elsewhere
    if not says and row.price_minor is None and row.sku is None and row.stock is None:
        return
    variant_id = _find_variant(held, item, row)
    if variant_id is not None:
        said = {"price": row.price_minor, "sku": row.sku, "stock": row.stock}
        said |= {stock_at(key): number for key, number in row.elsewhere.items()}
        wanted |= {f"{kind} {variant_id}": value for kind, value in said.items() if value is not None}
        if row.picture and row.picture in held.ready:
            wanted[f"picture {variant_id}"] = held.ready[row.picture]
        elif row.picture and held.options:
            plan.changes.setdefault(CHOSEN, [[], []])[1].append([variant_id, row.picture])
        return
    names = tuple(option.name.casefold() for option in held.options)
    if row.values and names and tuple(name.casefold() for name in item.option_names) == names:
        plan.added.append(_variant(row))
        if held.status == "published" and row.picture:
            plan.shows[row.values] = row.picture
        plan.options = _extended(plan.options, row.values)
        return
    plan.mistakes.append(_no_such_variant(held, row))


def _find_variant(held: Held, item: Item, row: Row) -> int | None:
    by_values = {tuple(v.casefold() for v in values): key for values, key in held.variants.items()}
    if row.values:
        return by_values.get(tuple(value.casefold() for value in row.values)) if held.options else None
    if row.label:
        by_label = {" / ".join(values): key for values, key in by_values.items()}
        return by_label.get(row.label.casefold())
    if len(held.variants) == 1 and not item.option_names:
        return next(iter(held.variants.values()))
    return None


def _no_such_variant(held: Held, row: Row) -> Mistake:
    names = " and ".join(option.name for option in held.options)
    if not names:
        return Mistake(row.line, "option_1_name", _("This product has no options. Add them in its form first."))
    if row.values:
        return Mistake(
            row.line, "option_1_name", _("This product's options are %(names)s. Use these, in this order.", names=names)
        )
    if row.label:
        return Mistake(row.line, "variant", _("This product has no such variant."))
    return Mistake(
        row.line, "option_1_value", _("Say which variant the line is about: fill in %(names)s.", names=names)
    )


def _check_on_sale(plan: Plan, line: int) -> None:
    for name, change in plan.changes.items():
        if variant_of(name)[0] == "price" and change[1] <= 0:
            plan.mistakes.append(Mistake(line, "price", _("A product on sale needs a price above zero.")))


def _place_pictures(plan: Plan, held: Held, item: Item) -> None:
    """Those that the product does not have are fetched, behind those it has; none is taken away."""
    known = frozenset().union(*held.pictures)
    new = [address for address in item.pictures if address not in known]
    if not new:
        return
    line = item.lines[0].number if item.lines else 0
    plan.changes[FETCHED] = [[], new]
    if len(held.pictures) + len(new) > rules.MAX_PICTURES:
        words = _("A product can have up to %(max_pictures)s pictures.", max_pictures=rules.MAX_PICTURES)
        plan.mistakes.append(Mistake(line, "pictures", words))


def _propose_variants(plan: Plan, held: Held, line: int) -> None:
    """What a file adds to a product on sale is part of the edit: beside what is there and what waits already."""
    if not plan.added:
        return
    before = held.content["variants"]
    new = [_proposed(plan, held, variant) for variant in plan.added]
    values = [each["values"] for each in new]
    wanted = [each for each in before if each["values"] not in values] + new
    if any(variant.price_minor <= 0 for variant in plan.added):
        plan.mistakes.append(Mistake(line, "price", _("A product on sale needs a price above zero.")))
    if any(any(variant.elsewhere.values()) for variant in plan.added):
        words = _("A new variant begins at your first location. Fill in the others when it is on sale.")
        plan.mistakes.append(Mistake(line, "stock", words))
    if len(wanted) > rules.MAX_VARIANTS:
        words = _(
            "A product can have up to %(max_variants)s variants; these are %(rows)s.",
            max_variants=rules.MAX_VARIANTS,
            rows=len(wanted),
        )
        plan.mistakes.append(Mistake(line, "option_1_value", words))
    if sorted(before, key=_folded) == sorted(wanted, key=_folded):
        plan.added = []
    else:
        plan.changes["variants"] = [before, wanted]


def _folded(variant: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(value.casefold() for value in variant["values"])


def _proposed(plan: Plan, held: Held, variant: VariantContent) -> dict[str, Any]:
    """A new variant of a product on sale as an edit has it. A picture that is still to be fetched joins it later."""
    each = {
        "values": list(variant.option_values),
        "price": variant.price_minor,
        "sku": variant.sku,
        "stock": variant.stock,
    }
    # Written otherwise it is the same variant: Shopify takes no two that differ in capitals alone.
    waiting = next((one for one in held.content["variants"] if _folded(one) == _folded(each)), each)
    each["values"] = waiting["values"]
    address = plan.shows.get(variant.option_values, "")
    if address and address not in held.ready:
        plan.changes.setdefault(CHOSEN, [[], []])[1].append([each["values"], address])
    picture = held.ready.get(address, waiting.get("picture"))
    return {**each, "picture": picture} if picture else each


def _same(name: str, held: Any, wanted: Any) -> bool:
    if name == "description" and "<" in held and wanted == f"<p>{plain_text(held)}</p>":
        # Its words without their shape, as an older export wrote them.
        return True
    return same(held, wanted)


def _extended(options: tuple[rules.Option, ...], values: tuple[str, ...]) -> tuple[rules.Option, ...]:
    return tuple(
        option if value in option.values else rules.Option(option.name, (*option.values, value))
        for option, value in zip(options, values, strict=True)
    )


def _variant(row: Row) -> VariantContent:
    values = row.values or (rules.DEFAULT_VALUE,)
    return VariantContent(values, row.price_minor or 0, row.sku or "", row.stock or 0, row.elsewhere)

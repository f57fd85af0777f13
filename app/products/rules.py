"""What a product may become, what a complete one needs, and which variants its options make."""

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.languages import _

MAX_OPTIONS = 3
MAX_VALUES = 30
MAX_VARIANTS = 100
MAX_PICTURES = 10
MAX_PICTURE_BYTES = 20 * 1024 * 1024
PICTURE_TYPES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}
# Shopify's own names for the one variant of a product without options.
DEFAULT_OPTION, DEFAULT_VALUE = "Title", "Default Title"


# action → {state: state it leads to}. Nothing else moves a product.
MOVES: dict[str, dict[str, str]] = {
    "submit": {"draft": "submitted", "changes_requested": "submitted"},
    "refuse": {"submitted": "changes_requested"},
    "begin_review": {"submitted": "in_review"},
    "publish": {"in_review": "published"},
    "ask_for_changes": {"in_review": "changes_requested"},
    "reject": {"in_review": "rejected"},
    "withdraw": {"submitted": "draft", "in_review": "draft", "published": "draft"},
    "archive": dict.fromkeys(
        ("draft", "submitted", "in_review", "changes_requested", "published", "rejected"), "archived"
    ),
    "restore": {"archived": "draft"},
}
EDITABLE = frozenset({"draft", "changes_requested"})


@dataclass(frozen=True)
class Option:
    """One way in which a product's variants differ: a name and its values in order."""

    name: str
    values: tuple[str, ...]


def state_after(action: str, state: str) -> str | None:
    """The state `action` leads to from `state`, or None when the move is not allowed."""
    return MOVES[action].get(state)


def combinations(options: Sequence[Option]) -> list[tuple[str, ...]]:
    """Every variant the options make, first option slowest; one default variant without options."""
    return list(itertools.product(*(option.values for option in options))) if options else [(DEFAULT_VALUE,)]


def check_options(options: Sequence[Option]) -> dict[str, str]:
    """What is wrong with the options, by form field (`option_1_name`, `option_1_values`, `options`)."""
    errors: dict[str, str] = {}
    names = [option.name.casefold() for option in options]
    for number, option in enumerate(options, start=1):
        if not option.name:
            errors[f"option_{number}_name"] = _("Name this option, for example Size.")
        elif names.index(option.name.casefold()) != number - 1:
            errors[f"option_{number}_name"] = _(
                "%(name)s is used twice. Give each option its own name.", name=option.name
            )
        if not option.values:
            errors[f"option_{number}_values"] = _("Add at least one value, for example Small.")
        elif len(option.values) > MAX_VALUES:
            errors[f"option_{number}_values"] = _("Up to %(max_values)s values per option.", max_values=MAX_VALUES)
    if len(options) > MAX_OPTIONS:
        errors["options"] = _("A product can have up to %(max_options)s options.", max_options=MAX_OPTIONS)
    elif not errors and len(combinations(options)) > MAX_VARIANTS:
        count = len(combinations(options))
        errors["options"] = _(
            "These options make %(count)s variants; up to %(max_variants)s are possible. Remove some values.",
            count=count,
            max_variants=MAX_VARIANTS,
        )
    return errors


def split_values(text: str) -> tuple[str, ...]:
    """Values typed as `Small, Medium; Large`, trimmed, without repeats (whatever their case), in order."""
    seen: dict[str, str] = {}
    for value in re.split(r"[,;\n]", text):
        trimmed = " ".join(value.split())[:255]
        if trimmed:
            seen.setdefault(trimmed.casefold(), trimmed)
    return tuple(seen.values())


def wanted_visibility(status: str, shopify_status: str, *, may_sell: bool, hidden: bool) -> str | None:
    """The status that Shopify should be told, or None when it is right as it is.

    `may_sell`: whether the vendor sells now, and the staff have not taken it off sale. `hidden`: we hid it for one of
    these. What the merchant hid in the admin stays hidden.
    """
    if status == "published" and may_sell:
        return "ACTIVE" if hidden else None
    if shopify_status != "ACTIVE":
        return None
    return "ARCHIVED" if status == "archived" else "DRAFT"


def read_percent(text: str) -> int | None:
    """A change of price as typed ("5", "-2,5 %", "+10") in basis points; None when it is none, or a wild one."""
    cleaned = text.strip().removesuffix("%").strip().replace(",", ".").replace("\u2212", "-")
    if not re.fullmatch(r"[+-]?\d{1,3}(\.\d{1,2})?", cleaned, re.ASCII):
        return None
    bps = int(Decimal(cleaned) * 100)
    return bps if bps and -9000 <= bps <= 50000 else None


def changed_price(minor: int, bps: int) -> int:
    """A price moved by basis points, half a unit up; never to nothing."""
    return max(1, (minor * (10_000 + bps) * 2 + 10_000) // 20_000)


def missing_for_submit(
    title: str, description: str, prices: Sequence[int | None], pictures_ready: Sequence[bool]
) -> dict[str, str]:
    """What still has to be filled in before the marketplace can look at a product, by form field."""
    errors: dict[str, str] = {}
    if not title.strip():
        errors["title"] = _("Give the product a title.")
    if not description.strip():
        errors["description"] = _("Describe the product: what it is, what it is made of, how big it is.")
    if not prices or any(price is None or price <= 0 for price in prices):
        errors["variants"] = _("Give every variant a price above zero.")
    if not pictures_ready:
        errors["pictures"] = _("Add at least one picture.")
    elif not all(pictures_ready):
        errors["pictures"] = _("A picture is still being prepared, or could not be read. Wait a moment, or remove it.")
    return errors


def safe_filename(filename: str, extension: str) -> str:
    """A file name of plain letters for a store's public files: `Große Vase.JPG` becomes `grosse-vase.jpg`."""
    stem = filename.rsplit(".", 1)[0].casefold()
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return f"{re.sub(r'[^a-z0-9]+', '-', plain).strip('-')[:60] or 'picture'}.{extension}"

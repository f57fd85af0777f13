"""What the columns of a product file are called: ours, and Shopify's own names for the same things."""

from collections.abc import Mapping, Sequence
from typing import Final

from app.languages import _
from app.sheets import SheetError

MOST_LINES: Final = 5_000
MOST_BYTES: Final = 5 * 1024 * 1024
MOST_COLUMNS: Final = 500
"""Each line that is wrong is handed back with every column of the heading."""

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "number": ("Product number",),
    "handle": ("Handle", "URL handle"),
    "title": ("Product", "Title"),
    "description": ("Description", "Body (HTML)", "Body HTML"),
    "category": ("Category", "Product category"),
    "variant": ("Variant",),
    **{
        f"option_{n}_{part}": (f"Option {n} {part}", f"Option{n} {part}")
        for n in (1, 2, 3)
        for part in ("name", "value")
    },
    "sku": ("SKU", "Variant SKU"),
    "price": ("Price", "Variant price"),
    "currency": ("Currency",),
    "stock": ("Stock", "In stock", "Variant inventory qty", "Inventory quantity"),
    "seo_title": ("SEO title",),
    "seo_description": ("SEO description",),
    "pictures": ("Picture addresses", "Image Src", "Product image URL"),
    "variant_picture": ("Variant picture address", "Variant Image", "Variant image URL"),
}
"""Our word for a column → the headings it is known by, the one we write first."""

_BY_HEADING: Final = {heading.casefold(): name for name, headings in NAMES.items() for heading in headings}


def stock_at(location_id: int) -> str:
    """Our word for the column that counts what lies at a location other than the first."""
    return f"stock@{location_id}"


def find_columns(
    headings: Sequence[str], locations: Mapping[int, str] | None = None
) -> tuple[dict[str, int], list[str]]:
    """(place of each known column, headings that are not read). Raises SheetError.

    `locations`: those beside the first at which stock is kept, each with a column "Stock at …".
    """
    known = _BY_HEADING | {f"stock at {name}".casefold(): stock_at(key) for key, name in (locations or {}).items()}
    places: dict[str, int] = {}
    unread: list[str] = []
    for place, heading in enumerate(headings):
        name = known.get(" ".join(heading.casefold().split()))
        if name is None:
            unread += [heading] if heading else []
        elif name in places:
            raise SheetError(
                _(
                    "The columns “%(first)s” and “%(heading)s” say the same. Keep one of them.",
                    first=headings[places[name]],
                    heading=heading,
                )
            )
        else:
            places[name] = place
    if len(headings) > MOST_COLUMNS or not {"number", "handle", "title"} & places.keys():
        raise SheetError(_("The first line must name the columns, and one of them must be called Product or Title."))
    return places, unread

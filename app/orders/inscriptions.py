"""What customers wrote on what they bought ("Engraving: For Zoe"): whoever makes it has to read it.

It stands in Shopify's payload alone, which no vendor may read, so it is read as the shop, of the lines that whoever
asks was shown already. On pages vendors see it for as long as the customer's name; the e-mail about a new order keeps
it. It is gone with who asks to be forgotten, from those e-mails as well.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.db import Scope, read_at_once
from app.models.orders import OrderLine, VendorOrder

MOST: Final = 30
"""Of one line."""
_WRITTEN: Final = """
    SELECT (item ->> 'id')::bigint AS line, item -> 'properties' AS properties
    FROM orders, json_array_elements(snapshot -> 'line_items') AS item
    WHERE orders.id = ANY(%(orders)s) AND (item ->> 'id')::bigint = ANY(%(lines)s)
"""
Inscriptions = Mapping[int, Sequence["Inscription"]]
"""By Shopify's number of the line; lines without are left out."""
NOTHING: Final[Inscriptions] = {}


@dataclass(frozen=True, slots=True)
class Inscription:
    name: str
    value: str

    @property
    def words(self) -> str:
        return f"{self.name}: {self.value}" if self.name else self.value

    @property
    def is_link(self) -> bool:
        """A file that the customer uploaded, mostly."""
        return self.value.startswith("https://") and len(self.value.split()) == 1


def list_inscriptions(shop_id: int, lines: Collection[OrderLine]) -> Inscriptions:
    """What was written on lines that the asker may see."""
    if not lines:
        return {}
    numbers = {"orders": list({line.order_id for line in lines}), "lines": [line.shopify_id for line in lines]}
    rows = read_at_once(Scope(shop_id), _WRITTEN, **numbers)
    found = {row.line: _read(row.properties) for row in rows}
    return {line: written for line, written in found.items() if written}


def list_for_vendor(parts: Iterable[VendorOrder], lines: Iterable[OrderLine]) -> Inscriptions:
    """What was written on these lines of the vendor's own parts, while the vendor may know who did."""
    shown = {(part.order_id, part.vendor_id): part.shop_id for part in parts if part.buyer_removed_at is None}
    mine = [line for line in lines if (line.order_id, line.vendor_id) in shown]
    return list_inscriptions(mine[0].shop_id, mine) if mine else {}


def read_inscriptions(snapshot: Mapping[str, Any]) -> Inscriptions:
    """What was written on the lines of an order whose payload is at hand."""
    found = {item["id"]: _read(item.get("properties")) for item in snapshot.get("line_items") or ()}
    return {line: written for line, written in found.items() if written}


def _read(properties: Any) -> list[Inscription]:
    """Names that begin with an underscore are a theme's or an app's own notes: Shopify shows them to nobody either."""
    pairs = [
        [str(one.get(key) or "").strip() for key in ("name", "value")]
        for one in (properties if isinstance(properties, list) else ())
        if isinstance(one, dict)
    ]
    return [Inscription(name, value) for name, value in pairs if value and not name.startswith("_")][:MOST]

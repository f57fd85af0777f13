"""What a browser sends, read strictly: each kind of item has its fields and their limits; other fields are dropped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app import clock
from app.errors import AppError
from app.storefront import rules
from app.storefront.queries import News

LARGEST_BODY: Final = 512 * 1024

Text255 = Annotated[str, Meta(max_length=255)]
Address = Annotated[str, Meta(max_length=1000, pattern=r"^(https?:)?//|^/|^$")]
Units = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Properties = Annotated[
    dict[Annotated[str, Meta(max_length=100)], Annotated[str, Meta(max_length=500)]], Meta(max_length=20)
]
SavedProperties = Annotated[dict[Text255, Annotated[str, Meta(max_length=5000)]], Meta(max_length=100)]


class Product(msgspec.Struct, omit_defaults=True):
    """As the page showed it: enough to draw a tile while nobody can be asked."""

    handle: Text255
    title: Text255 = ""
    image: Address = ""
    vendor: Text255 = ""


class Vendor(msgspec.Struct, omit_defaults=True):
    name: Text255 = ""
    url: Address = ""


class Line(Product, omit_defaults=True, kw_only=True):
    """Units of a variant, fewer than nought where a browser took out more than it had put in."""

    handle: Text255 = ""
    variant: Number
    quantity: Units
    properties: Properties = {}


class OwnCart(msgspec.Struct):
    """Its key says it all."""


class SavedLine(Line, omit_defaults=True, kw_only=True):
    """`plan`: by which of Shopify's selling plans it was subscribed to."""

    properties: SavedProperties = {}
    plan: Number | None = None


class Saved(msgspec.Struct, omit_defaults=True):
    """A cart put aside. Shopify's hold 500 lines at most."""

    lines: Annotated[list[SavedLine], Meta(max_length=500)]
    name: Annotated[str, Meta(max_length=80)] = ""


class Search(msgspec.Struct, omit_defaults=True):
    words: Annotated[str, Meta(max_length=100)]


class Preference(msgspec.Struct):
    is_: Annotated[str, Meta(max_length=200)] | bool | float = msgspec.field(name="is")


class Review(msgspec.Struct, omit_defaults=True):
    """A draft: nobody but its writer sees it."""

    stars: Annotated[int, Meta(ge=1, le=5)] | None = None
    title: Annotated[str, Meta(max_length=120)] = ""
    text: Annotated[str, Meta(max_length=4000)] = ""


_VALUES: Final = {
    "wishlist": Product,
    "follow": Vendor,
    "cart": Line,
    rules.OWN_CART: OwnCart,
    "saved": Saved,
    "viewed": Product,
    "search": Search,
    "preference": Preference,
    "review": Review,
}
_READ: Final = {kind: msgspec.json.Decoder(value) for kind, value in _VALUES.items()}
_NOTHING: Final = b"null"


class _Item(msgspec.Struct):
    kind: str
    key: str
    clock: str
    value: msgspec.Raw = msgspec.Raw(_NOTHING)


class _Body(msgspec.Struct):
    account: str
    """The customer for whom the browser keeps these items."""
    since: Annotated[int, Meta(ge=0, le=2**62)] = 0
    merged: bool = False
    """Whether a guest's items are among them."""
    items: Annotated[list[msgspec.Raw], Meta(max_length=rules.LARGEST_BATCH)] = []
    room: bool = False
    """Whether the browser asks how much has room: it keeps something that found none."""


_read_body: Final = msgspec.json.Decoder(_Body)
_read_item: Final = msgspec.json.Decoder(_Item)


@dataclass(frozen=True, slots=True)
class Edit:
    """One item as edited. `value` is JSON, None for a deletion; `place` is where it stood in the request."""

    place: int
    kind: str
    key: str
    clock: str
    value: str | None

    @property
    def name(self) -> tuple[str, str]:
        return self.kind, self.key

    @property
    def size(self) -> int:
        return len((self.value or "").encode())


@dataclass(frozen=True, slots=True)
class Batch:
    """What may be stored, and why the rest may not, by its place in the request."""

    account: str
    since: int
    merged: bool
    edits: Sequence[Edit]
    refused: dict[int, str]
    room: bool

    @property
    def own_carts(self) -> Sequence[str]:
        """Carts that are this customer's, known already or not."""
        return [edit.key for edit in self.edits if edit.kind == rules.OWN_CART and edit.value is not None]


def write_edits(edits: Sequence[Edit]) -> str:
    """The edits as one JSON list of {kind, key, clock, value}: quicker to send than four arrays full of quotes."""
    rows = [
        {
            "kind": edit.kind,
            "key": edit.key,
            "clock": edit.clock,
            "value": msgspec.Raw(edit.value.encode()) if edit.value is not None else None,
        }
        for edit in edits
    ]
    return msgspec.json.encode(rows).decode()


def write_answer(news: News, **more: object) -> bytes:
    """{ok, revision, restart, now, items: [{kind, key, clock, value}]} and whatever else there is to say."""
    items = [
        {"kind": row.kind, "key": row.key, "clock": row.clock, "value": msgspec.Raw((row.value or "null").encode())}
        for row in news.items
    ]
    now = int(clock.now().timestamp() * 1000)
    body = {"ok": True, "revision": news.revision, "restart": news.restart, "now": now, "items": items, **more}
    return msgspec.json.encode(body)


def read_batch(raw: bytes, now: datetime) -> Batch:
    """Read a request. One bad item is refused and holds up no other. Raises AppError when it is no such request."""
    try:
        body = _read_body.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AppError("This is no list of items.") from error
    limits = rules.limits(now)
    edits: dict[tuple[str, str], Edit] = {}
    refused: dict[int, str] = {}
    for place, item in enumerate(body.items):
        edit, fault = _read(place, item, limits)
        if edit is None:
            refused[place] = fault
        else:
            known = edits.get((edit.kind, edit.key))
            # One row for each item: PostgreSQL takes no key twice in one statement.
            edits[edit.kind, edit.key] = edit if known is None or known.clock < edit.clock else known
    # Always in the same order, so that two syncs of one customer never wait for each other's rows.
    return Batch(body.account, body.since, body.merged, [edits[key] for key in sorted(edits)], refused, body.room)


def _read(place: int, raw: msgspec.Raw, limits: rules.Limits) -> tuple[Edit | None, str]:
    try:
        item = _read_item.decode(raw)
        fault = rules.find_fault(item.kind, item.key, item.clock, limits)
        if fault is not None:
            return None, fault
        value = bytes(item.value)
        if value == _NOTHING:
            return Edit(place, item.kind, item.key, item.clock, None), ""
        text = msgspec.json.encode(_READ[item.kind].decode(value)).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, "unknown"
    if "\\u0000" in text or "\x00" in item.key:  # PostgreSQL holds no NUL
        return None, "unknown"
    return Edit(place, item.kind, item.key, item.clock, text), ""

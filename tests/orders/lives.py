"""Lives of orders in the development store, whatever Shopify then tells of them, and payouts in between."""

import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

from hypothesis import strategies as st

from devstore.orders.cancel import cancel_order
from devstore.orders.disputes import move_dispute, open_dispute
from devstore.orders.documents import get_order
from devstore.orders.edits import edit_order
from devstore.orders.errors import OrderError
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.payments import mark_as_paid
from devstore.orders.purchase import LineRequest
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.orders.standing import paid_back, paid_in
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME, buy

GOODS: Final = ("mug", "vase", "loaf", "bag")
ACTS: Final = ("pay", "send", "send_some", "refund_line", "refund_amount", "refund_shipping", "remove", "add", "cancel",
               "dispute", "ask", "win", "lose", "accept")  # fmt: skip

_DECISIONS: Final = {"win": "won", "lose": "lost", "accept": "accepted"}


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens to an order; `part` chooses the line or the share of the money, in thousandths."""

    name: str
    part: int


@dataclass(frozen=True, slots=True)
class Life:
    """An order from its purchase on. `ends_whole`: everything that is left is given back in the end."""

    basket: tuple[int, ...]
    code: str | None
    paid_at_once: bool
    sent_at_once: bool
    acts: tuple[Act, ...]
    ends_whole: bool


acts = st.builds(Act, st.sampled_from(ACTS), st.integers(0, 999))
lives = st.builds(
    Life,
    st.tuples(*[st.integers(0, 4)] * len(GOODS)).filter(any),
    st.sampled_from([None, None, "WELCOME10"]),
    st.integers(0, 5).map(bool),
    st.integers(0, 2).map(bool),
    st.lists(acts, max_size=6).map(tuple),
    st.integers(0, 3).map(lambda number: number == 0),
)


def play(store: Store, goods: SimpleNamespace, life: Life) -> int:
    """Live it in the store. What is impossible just then does not happen. Returns the order's number."""
    wanted = [(getattr(goods, name), units) for name, units in zip(GOODS, life.basket, strict=True) if units]
    codes = [life.code] if life.code else []
    number: int = buy(store, *wanted, discount_codes=codes, pay=life.paid_at_once)["id"]
    if life.sent_at_once:
        fulfil_lines(store, ACME, number, None)
    for act in life.acts:
        with contextlib.suppress(OrderError):
            _do(store, goods, get_order(store, ACME, number), act)
    if life.ends_whole:
        _give_everything_back(store, number)
    return number


def _do(store: Store, goods: SimpleNamespace, order: Doc, act: Act) -> None:
    number, line = order["id"], order["line_items"][act.part % len(order["line_items"])]
    match act.name:
        case "pay":
            mark_as_paid(store, ACME, number)
        case "send" | "send_some":
            fulfil_lines(store, ACME, number, None if act.name == "send" else {line["id"]: 1})
        case "remove":
            edit_order(store, ACME, number, remove={line["id"]: 1})
        case "add":
            chosen = getattr(goods, GOODS[act.part % len(GOODS)])
            edit_order(store, ACME, number, add=[LineRequest(variant_id=chosen["variants"][0]["id"], quantity=1)])
            # Unpaid, it would hide behind goodwill: docs/money.md, "What was received".
            mark_as_paid(store, ACME, number)
        case "cancel":
            cancel_order(store, ACME, number, refund=act.part % 2 == 0)
        case "dispute" | "ask":
            kind = "inquiry" if act.name == "ask" else "chargeback"
            open_dispute(store, ACME, number, amount=_share(order, act), kind=kind)
        case "win" | "lose" | "accept":
            for dispute in order.get("disputes", [])[-1:]:
                move_dispute(store, ACME, number, dispute["id"], _DECISIONS[act.name])
        case _ if paid_in(order) > paid_back(order):
            refund_order(store, ACME, number, _refund(order, line, act))


def _refund(order: Doc, line: Doc, act: Act) -> RefundRequest:
    if act.name == "refund_shipping":
        return RefundRequest(shipping="full")
    if act.name == "refund_amount":
        return RefundRequest(amount=_share(order, act))
    return RefundRequest([LineRefund(line["id"], 1, ("no_restock", "cancel", "return")[act.part % 3])])


def _share(order: Doc, act: Act) -> str:
    """Of what was paid and not given back."""
    return f"{(paid_in(order) - paid_back(order)) * act.part // 1000 / 100:.2f}"


def _give_everything_back(store: Store, number: int) -> None:
    order = get_order(store, ACME, number)
    left = paid_in(order) - paid_back(order)
    if left:
        with contextlib.suppress(OrderError):
            refund_order(store, ACME, number, RefundRequest(amount=f"{left / 100:.2f}"))


def shuffle(deliveries: Sequence[Doc], seed: int) -> list[Doc]:
    """Everything, some of it twice, in any order."""
    chance = random.Random(seed)
    doubled = [*deliveries, *chance.sample(deliveries, len(deliveries) // 3)]
    chance.shuffle(doubled)
    return doubled

"""Everything that should stand in the books for one order, to date. Pure.

The whole set is computed from what is known of the order now; the service posts what is missing. So duplicates, replays
and any order of arrival end in the same balances.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from app.ledger.rules import MARKETPLACE_FEES, Account, Balance, Entry, Posting, add_entries, against
from app.money import Money
from app.orders.cells import WHOLE, Cell, LineShare, cells_of, part_of
from app.orders.disputes import as_refund, fee_postings, vendor_share
from app.orders.facts import Dispute, DisputeState, Order, Payment, Refund
from app.orders.fees import Return, share_fees
from app.orders.moves import list_moves, stage_nets, vendor_nets
from app.orders.part_payments import pay_partly
from app.orders.returns import Amounts, Takeback, divide_refund, removals_of
from app.orders.shipped_goods import shipped_goods
from app.orders.stages import Bucket, Disputed

_NONE = Fraction(0)
UNKNOWN = "Shopify does not have this order, or not any more."
"""A flag of orders whose money Shopify cannot speak for."""


@dataclass(frozen=True, slots=True)
class Books:
    """The postings of an order to date, and what people should know about them."""

    postings: tuple[Posting, ...]
    flags: tuple[str, ...] = ()
    """Why the amounts do not add up, in sentences. Not empty: payouts of this order are held."""
    buckets: dict[tuple[str, int], list[Bucket]] = field(default_factory=dict)
    """Where each vendor's net amount stands, by (component, vendor id)."""
    shares: dict[int, LineShare] = field(default_factory=dict)
    """How the vendors' lines are shared, by Shopify's number."""
    shipping_goods: Mapping[int, Order] = field(default_factory=dict)
    """By shipping line that is paid whole, the order whose lines share it."""

    def of_vendor(self, vendor_id: int) -> list[Bucket]:
        """Where everything of the vendor's stands."""
        return [bucket for (_, owner), group in self.buckets.items() if owner == vendor_id for bucket in group]


def book_to_date(order: Order, now: datetime) -> Books:
    """What should stand in the books. Before any money came in: nothing."""
    steps = _Steps(order)
    if steps.payment is Payment.NOTHING:
        return Books((), shares=steps.shares)
    steps.sell()
    steps.remove()
    for refund in sorted(order.refunds, key=lambda refund: (refund.at, refund.id)):
        steps.give_back(refund)
    for dispute in sorted(order.disputes, key=lambda dispute: (dispute.opened_at, dispute.id)):
        steps.dispute(dispute)
    steps.round_back()
    steps.cancel()
    steps.close()
    steps.charge_fees()
    if order.is_unknown and any(steps.left.values()):
        steps.flags.append(UNKNOWN)
    return _stage(order, steps, now)


def money_received(order: Order, payment: Payment, owed: int, removed: int) -> int:
    """What customers paid so far, before anything went back.

    Shopify's totals disagree after edits and goodwill refunds, so the one that fits the order's parts is believed.
    """
    by_balance = _by_balance(order)
    if payment is Payment.PARTLY:
        return max(0, by_balance)
    if removed or by_balance == owed or (by_balance > owed and owes_customer(order, owed)):
        return by_balance
    return order.total


def owes_customer(order: Order, owed: int) -> bool:
    """Whether more was paid than the order comes to by now, as after a discount on what was paid already: its totals
    fit its parts, and Shopify says so itself or the payments do.
    """
    return order.total == owed and (order.outstanding < 0 or _was_paid(order, _by_balance(order)))


def _was_paid(order: Order, amount: int) -> bool:
    """Whether the payments that Shopify told of come to this."""
    return order.paid_in is not None and abs(order.paid_in - amount) <= order.paid_within


def _payment_of(order: Order) -> Payment:
    """How far the order was paid, before anything went back."""
    returned = sum(refund.returned for refund in order.refunds)
    if returned and order.payment is Payment.NOTHING:
        # A refund seen before the payment: there was one, its news is still on the way.
        return Payment.SETTLED
    if order.payment is Payment.SETTLED and 0 < returned == _by_balance(order) < order.total:
        # All that was paid went back, and that was never all: a line was added that nobody paid for.
        return Payment.PARTLY
    return order.payment


def _by_balance(order: Order) -> int:
    return order.current_total - order.outstanding + order.known_returned


class _Steps:
    """Walks through the order's life and keeps, for each cell, which part of it is paid and which is gone again."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.goods = shipped_goods(order)
        self.cells = cells_of(order, self.goods)
        self.postings: list[Posting] = []
        self.flags: list[str] = []
        self.paid: dict[str, Fraction] = {}
        self.gone: dict[str, Fraction] = dict.fromkeys((cell.key for cell in self.cells), _NONE)
        self.removals = removals_of(order, self.cells)
        self.returns: list[Return] = []
        """What came off the vendors' parts without their payment fee being kept."""
        self.credit = 0
        self.payment = _payment_of(order)

    @property
    def shares(self) -> dict[int, LineShare]:
        return {cell.line_id: cell.share for cell in self.cells if cell.line_id and cell.share}

    @property
    def shipping_goods(self) -> dict[int, Order]:
        lacking = {cell.shipping_id for cell in self.cells if self.paid[cell.key] < WHOLE}
        return {number: goods for number, goods in self.goods.items() if number not in lacking}

    @property
    def left(self) -> Amounts:
        """Paid and not yet given back, by cell."""
        return {cell.key: part_of(cell.owed, self.paid[cell.key] - self.gone[cell.key]) for cell in self.cells}

    def sell(self) -> None:
        """Book what was paid: every cell in full, or its share of a part payment."""
        owed, removed = sum(cell.owed for cell in self.cells), sum(self.removals.values())
        received = money_received(self.order, self.payment, owed, removed)
        if self.payment is Payment.PARTLY and received < owed - removed:
            self.paid = pay_partly(self.order, self.cells, received)
            self.removals = {}  # never paid for, so nothing of it is owed back
        else:
            self.paid = dict.fromkeys((cell.key for cell in self.cells), WHOLE)
            self._explain(received, owed, removed)
        for cell in self.cells:
            self._post(cell.key, "sale", self.order.ordered_at, cell.at(self.paid[cell.key]), cell)
        self._post("rounding", "sale", self.order.ordered_at, [Entry(Account.CASH_ROUNDING, self.order.cash_rounding)])

    def give_back(self, refund: Refund) -> None:
        """Book one refund: each cell's part, then what the credit, the marketplace or nobody can explain."""
        if not refund.removes_only:
            part = divide_refund(self.order, refund, self.cells, self.left, self.credit)
            self._return(f"refund:{refund.id}", "refund", refund, part, Account.CUSTOMER_RECEIPTS)
            self.flags += [part.flag] if part.flag else []

    def round_back(self) -> None:
        """Book what the till gave out beyond the refunds, or kept of them, because it has no smaller coins."""
        at = max((refund.at for refund in self.order.refunds), default=self.order.ordered_at)
        self._post("rounding_back", "refund", at, [Entry(Account.CASH_ROUNDING, -self.order.cash_rounding_back)])

    def dispute(self, dispute: Dispute) -> None:
        """Book what the bank took back, what came back of it, and whom it was lost to.

        Both sides are booked when it is over, so that it does not matter which of its news were seen.
        """
        if not dispute.is_chargeback or dispute.state is DisputeState.CLOSED:
            return
        key, taken, fee = f"dispute:{dispute.id}", dispute.amount, dispute.fee
        if dispute.in_another_currency:
            self.flags.append(f"Dispute {dispute.id} is in another currency than the order.")
        opened, ended = dispute.opened_at, dispute.ended_at
        at_the_bank, bank = [Entry(Account.DISPUTES, -taken)], Account.CHARGEBACKS
        self._post(f"{key}:taken", "dispute", opened, at_the_bank, counter=bank)
        fees = [Entry(Account.DISPUTE_FEES, -fee)]
        self._post(f"{key}:fee", "dispute_fee", opened, fees, counter=Account.PAYMENT_PROVIDER)
        if dispute.state is DisputeState.WON:
            self._post(f"{key}:won", "dispute_won", ended, [Entry(Account.DISPUTES, taken)], counter=bank)
            fees = [Entry(Account.DISPUTE_FEES, fee)]
            self._post(f"{key}:fee_back", "dispute_won", ended, fees, counter=Account.PAYMENT_PROVIDER)
        elif dispute.state is DisputeState.LOST:
            lost = as_refund(dispute)
            part = divide_refund(self.order, lost, self.cells, self.left, self.credit)
            self._return(f"{key}:lost", "dispute_lost", lost, part, Account.DISPUTES)
            self.postings += fee_postings(self.order, dispute, self.cells, part)
            if part.unexplained:
                self.flags.append(f"Dispute {dispute.id} took more than was left of the order.")

    def disputed(self) -> dict[tuple[str, int], Disputed]:
        """What open disputes would take from each vendor, by component, should they be lost."""
        held: dict[tuple[str, int], Disputed] = {}
        pending = [dispute for dispute in self.order.disputes if dispute.state is DisputeState.OPEN]
        left, credit = self.left if pending else {}, self.credit
        for dispute in pending:
            refund = as_refund(dispute)
            part = divide_refund(self.order, refund, self.cells, left, credit)
            credit -= part.credit
            for cell in self.cells:
                amount = part.cells.get(cell.key, 0)
                left[cell.key] -= amount
                keep = refund.keeps(cell.vendor_id).commission
                share = vendor_share(cell, self.gone[cell.key], amount, keep_commission=keep)
                if share and cell.vendor_id is not None:
                    key = cell.component, cell.vendor_id
                    held[key] = Disputed(share + (held[key].amount if key in held else 0), dispute.opened_at)
        return held

    def charge_fees(self) -> None:
        """Book what the payment provider kept, and the vendors' parts of it."""
        for fee in self.order.payment_fees:
            entries = [Entry(Account.PAYMENT_FEES, -fee.amount)]
            key = f"payment:{fee.transaction_id}:fee"
            self._post(key, "payment_fee", fee.at, entries, counter=Account.PAYMENT_PROVIDER)
        if self.order.payment_fees:
            self.postings += share_fees(self.order, self.cells, self.paid, self.returns)

    def _return(self, key: str, kind: str, refund: Refund, part: Takeback, counter: Account) -> None:
        """Take a divided refund, or what the bank took, back from everybody who has it."""
        for cell in self.cells:
            amount, units = part.cells.get(cell.key, 0), part.units.get(cell.key, Fraction())
            step = Fraction(amount, cell.owed) if cell.owed else units
            entries = self._take(cell, step)
            if refund.keeps(cell.vendor_id).commission:
                entries = _keep_fees(entries, cell)
            self._post(f"{key}:{cell.key}", kind, refund.at, entries, cell, counter)
        for name, account, amount in (
            ("credit", Account.CUSTOMER_CREDIT, part.credit),
            ("borne", Account.REFUNDS_BORNE, part.borne),
            ("unexplained", Account.UNEXPLAINED, part.unexplained),
        ):
            self._post(f"{key}:{name}", kind, refund.at, [Entry(account, -amount)], counter=counter)
        self.credit -= part.credit
        kept = {cell.key for cell in self.cells if refund.keeps(cell.vendor_id).payment_fee}
        back = {name: amount for name, amount in part.cells.items() if name not in kept}
        self.returns.append(Return(key, refund.at, back))

    def remove(self) -> None:
        """Units an edit took off after the payment are owed back to the customer.

        Before any refund: what nobody has bought in the end cannot be what a refund without lines gives back.
        """
        if not self.removals:
            return
        left = self.left
        amounts = {key: min(amount, left[key]) for key, amount in self.removals.items() if left[key]}
        for cell in self.cells:
            if amount := amounts.get(cell.key, 0):
                entries = self._take(cell, Fraction(amount, cell.owed))
                self._post(f"removed:{cell.key}", "edit", self.order.updated_at, entries, cell, Account.CUSTOMER_CREDIT)
        self.returns.append(Return("removed", self.order.updated_at, amounts))

    def cancel(self) -> None:
        """What a cancelled order has not returned is owed back to the customer, and nobody has earned it."""
        if at := self.order.cancelled_at:
            self.returns.append(Return("cancelled", at, self.left))
            for cell in self.cells:
                entries = self._take(cell, self.paid[cell.key] - self.gone[cell.key])
                self._post(f"cancelled:{cell.key}", "cancellation", at, entries, cell, Account.CUSTOMER_CREDIT)

    def close(self) -> None:
        """An amount that returns the rest of what was paid ends the subsidies on lines that nobody paid for as well.

        Refunds that name their lines say by units which of those came back.
        """
        by_amount = any(refund.returned and not refund.lines for refund in self.order.refunds)
        if not by_amount or any(self.left.values()):
            return
        for cell in self.cells:
            entries = self._take(cell, self.paid[cell.key] - self.gone[cell.key])
            self._post(f"returned:{cell.key}", "refund", max(r.at for r in self.order.refunds), entries, cell)

    def _explain(self, received: int, owed: int, removed: int) -> None:
        """Book money beyond the cells: paid before or after an edit, or not explained at all."""
        excess, self.credit = received - owed, removed
        if (removed and -removed <= excess <= 0) or (excess > 0 and owes_customer(self.order, owed)):
            self.credit += excess
            self._post("credit", "edit", self.order.updated_at, [Entry(Account.CUSTOMER_CREDIT, excess)])
        elif excess:
            more = f"{Money(abs(excess), self.order.currency)} {'more' if excess > 0 else 'less'}"
            self.flags.append(f"The customer paid {more} than the order's lines, shipping and tax come to.")
            self._post("unexplained", "sale", self.order.ordered_at, [Entry(Account.UNEXPLAINED, excess)])
        elif (over := _by_balance(self.order) - owed) > 0 and not _was_paid(self.order, owed):
            # Booked as paid for the order. If it was paid beyond it, as before a discount, that is too little.
            returned = Money(over, self.order.currency)
            self.flags.append(f"Whether {returned} that went back was paid for the order or beyond it is not known.")

    def _take(self, cell: Cell, step: Fraction) -> list[Entry]:
        """The entries that take `step` more of the cell back, by totals to date."""
        before, after = self.gone[cell.key], min(self.paid[cell.key], self.gone[cell.key] + step)
        self.gone[cell.key] = after
        taken = [Entry(e.account, -e.amount, e.vendor_id) for e in cell.at(after)]
        return _nonzero([*cell.at(before), *taken])

    def _post(
        self,
        key: str,
        kind: str,
        at: datetime,
        entries: Iterable[Entry],
        cell: Cell | None = None,
        counter: Account = Account.CUSTOMER_RECEIPTS,
    ) -> None:
        if listed := against(counter, entries):
            component, vendor = (cell.component, cell.vendor_id) if cell else ("", None)
            self.postings.append(Posting(f"order:{self.order.id}:{key}", kind, at, listed, component, vendor))


def _nonzero(entries: Iterable[Entry]) -> list[Entry]:
    return [Entry(account, amount, vendor) for (account, vendor), amount in add_entries(entries).items()]


def _keep_fees(entries: list[Entry], cell: Cell) -> list[Entry]:
    """The marketplace keeps its commission on what is refunded, so the vendor bears that too."""
    kept = sum(entry.amount for entry in entries if entry.account in MARKETPLACE_FEES)
    others = [entry for entry in entries if entry.account not in MARKETPLACE_FEES]
    return [*others, Entry(cell.rest[0], kept, cell.rest[1])]


def _stage(order: Order, steps: _Steps, now: datetime) -> Books:
    """Add the moves from pending to held to available. Flags that a person has lifted hold nothing any more."""
    flags = tuple(flag for flag in steps.flags if flag not in order.lifted)
    nets = vendor_nets(steps.postings)
    buckets = stage_nets(order, nets, steps.disputed(), now, flagged=bool(flags))
    moves = [move for (part, vendor), parts in buckets.items() for move in list_moves(order, part, vendor, parts)]
    return Books((*steps.postings, *moves), flags, buckets, steps.shares, steps.shipping_goods)


def balances(postings: Iterable[Posting]) -> Balance:
    """All postings together, by account and vendor."""
    return add_entries(entry for posting in postings for entry in posting.entries)

"""A payout's statement, on paper and as a table: every entry that it pays, adding up to what was sent."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency
from sqlalchemy.orm import Session

from app.config import get_config
from app.crypto import decrypt
from app.errors import NotFound
from app.languages import _, locale_for, ngettext, spoken
from app.models.orders import OrderLine
from app.models.payouts import Payout
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money
from app.payouts.contents import PaidEntry, first_entries, list_paid_entries
from app.payouts.paper import Paper, has_letters_for, print_paper, set_apart
from app.payouts.queries import STATE_WORDS
from app.payouts.zips import Files
from app.sheets import write_sheet
from app.vendors.payout_details import describe

_COLUMNS: Final = (
    "date order item quantity price your_discount tax commission tax_on_commission amount currency entry".split()  # noqa: SIM905
)


def make_file(session: Session, shop: Shop, payout: Payout, kind: str) -> tuple[bytes, str]:
    """The statement as "pdf" or "csv", and its media type. Raises NotFound for another kind."""
    entries = list_paid_entries(session, payout)
    if kind == "pdf":
        return write_pdf(shop, session.get_one(Vendor, payout.vendor_id), payout, entries), "application/pdf"
    if kind == "csv":
        return write_csv(shop, payout, entries, first_entries(session, payout)).encode("utf-8-sig"), "text/csv"
    raise NotFound("Statements come as PDF or CSV.")


def read_files(session: Session, shop: Shop, payout: Payout) -> Callable[[], Files]:
    """Read what the statement says; what is returned prints it, PDF and CSV, and asks the database no more."""
    vendor, entries = session.get_one(Vendor, payout.vendor_id), list_paid_entries(session, payout)
    firsts = first_entries(session, payout)

    def print_files() -> Files:
        name = f"statement-{payout.reference}"
        yield f"{name}.pdf", write_pdf(shop, vendor, payout, entries)
        yield f"{name}.csv", write_csv(shop, payout, entries, firsts).encode("utf-8-sig")

    return print_files


def write_csv(shop: Shop, payout: Payout, entries: Sequence[PaidEntry], firsts: Collection[int]) -> str:
    """One line per entry, amounts in major units; the last line is the payout's sum.

    How an item was sold stands beside the first that it ever paid, which is in `firsts` or on an earlier statement: so
    these columns add up over all statements.
    """
    last = ["", "", f"Payout {payout.reference}", *[""] * 6, payout.amount.decimal, payout.currency, ""]
    return "".join(write_sheet(_COLUMNS, [*(_cells(shop, paid, firsts) for paid in entries), last]))


def _cells(shop: Shop, paid: PaidEntry, firsts: Collection[int]) -> list[object]:
    line = paid.line if paid.entry.id in firsts else None
    detail: list[object] = [""] * 6
    if line:
        less = (line.vendor_discount_minor, line.included_tax_minor, line.fee_minor, line.fee_tax_minor)
        amounts = (line.gross_minor, *(-amount for amount in less))
        detail = [line.quantity, *(Money(amount, paid.amount.currency).decimal for amount in amounts)]
    day = paid.transaction.happened_at.astimezone(ZoneInfo(shop.timezone)).date()
    return [day, paid.order_name, paid.title, *detail, paid.amount.decimal, paid.amount.currency, paid.entry.id]


def write_pdf(shop: Shop, vendor: Vendor, payout: Payout, entries: Sequence[PaidEntry]) -> bytes:
    """The statement on A4, in the vendor's manner of writing amounts and dates."""
    locale = locale_for(spoken(), vendor.locale)
    payee = set_apart(name_payee(vendor, payout))
    return print_paper(
        Paper(
            title=_("Statement %(reference)s", reference=payout.reference),
            author=shop.name,
            number=payout.reference,
            parties=[[shop.name]],
            facts=[
                _("For %(name)s, paid to %(destination)s", name=payee, destination=describe(payout.rail, payout.last4)),
                _when(shop, payout, locale),
            ],
            head=[_("Date"), _("Order"), _("What"), _("Amount")],
            rows=_rows(shop, payout, entries, locale),
            widths_mm=[26, 22, 92, 30],
            numeric=1,
            remarks=[
                _(
                    "Amounts are what you receive after discounts you bear and after commission. Open an order in the"
                    " vendor pages to see how each amount came about."
                )
            ],
        )
    )


def name_payee(vendor: Vendor, payout: Payout) -> str:
    """The vendor; beside a name whose letters the paper lacks, the account's holder, whom banks write in Latin ones."""
    if has_letters_for(vendor.name):
        return vendor.name
    return f"{vendor.name} ({decrypt(payout.holder, get_config().secret_keys)})"


def _rows(shop: Shop, payout: Payout, entries: Sequence[PaidEntry], locale: str) -> list[list[list[str]]]:
    rows = [
        [
            [_day(shop, paid.transaction.happened_at, locale)],
            [paid.order_name],
            [each for each in (paid.title, explain_entry(paid, locale)) if each],
            [_amount(paid.amount, locale)],
        ]
        for paid in entries
    ]
    return [*rows, [[], [], [_("Payout")], [_amount(payout.amount, locale)]]]


def explain_entry(paid: PaidEntry, locale: str = "en") -> str:
    """How the amount came about: the line as it was sold, and what has changed since. Empty for shipping."""
    if paid.line is None or paid.entry.amount_minor <= 0:
        return ""
    sold = _explain_line(paid.line, paid.entry.currency, locale)
    since = Money(paid.entry.amount_minor - paid.line.vendor_minor, paid.entry.currency)
    return (
        _("%(sold)s, refunds, changes and other parcels %(amount)s", sold=sold, amount=_amount(since, locale))
        if since
        else sold
    )


def _explain_line(line: OrderLine, currency: str, locale: str) -> str:
    """Such as "3 sold for $15.00, your discount -$3.00, commission -$1.20"."""
    parts = [
        ngettext(
            "%(num)s sold for %(amount)s",
            "%(num)s sold for %(amount)s",
            line.quantity,
            amount=_amount(Money(line.gross_minor, currency), locale),
        )
    ]
    if line.vendor_discount_minor:
        parts.append(
            _("your discount %(amount)s", amount=_amount(Money(-line.vendor_discount_minor, currency), locale))
        )
    if line.included_tax_minor:
        parts.append(_("tax %(amount)s", amount=_amount(Money(-line.included_tax_minor, currency), locale)))
    parts.append(_("commission %(amount)s", amount=_amount(Money(-line.fee_minor, currency), locale)))
    if line.fee_tax_minor:
        parts.append(_("tax on commission %(amount)s", amount=_amount(Money(-line.fee_tax_minor, currency), locale)))
    return ", ".join(parts)


def _when(shop: Shop, payout: Payout, locale: str) -> str:
    if payout.paid_on:
        return _("Sent on %(day)s", day=format_date(payout.paid_on, "medium", locale=locale))
    if payout.sent_at:
        return _("Sent on %(day)s", day=_day(shop, payout.sent_at, locale))
    return _(
        "%(state)s since %(day)s", state=STATE_WORDS[payout.state], day=_day(shop, payout.state_changed_at, locale)
    )


def _day(shop: Shop, moment: datetime, locale: str) -> str:
    return format_date(moment.astimezone(ZoneInfo(shop.timezone)), "medium", locale=locale)


def _amount(amount: Money, locale: str) -> str:
    return format_currency(amount.decimal, amount.currency, locale=locale)

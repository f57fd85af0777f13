"""A fee invoice or credit note on paper and as a table."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency, format_percent
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.languages import _, find_words, lazy, locale_for, spoken
from app.models.payouts import FeeInvoice
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money
from app.payouts.invoices import InvoiceLine, list_lines, read_parties
from app.payouts.paper import Paper, print_paper
from app.payouts.zips import Files
from app.sheets import write_sheet

TITLES = {"invoice": lazy("Invoice"), "credit_note": lazy("Credit note")}


def make_file(session: Session, invoice: FeeInvoice, kind: str) -> tuple[bytes, str]:
    """The invoice as "pdf" or "csv", and its media type. Raises NotFound for another kind."""
    lines = list_lines(session, invoice)
    if kind == "pdf":
        return write_pdf(invoice, lines, _issued_on(session, invoice), _locale(session, invoice)), "application/pdf"
    if kind == "csv":
        return write_csv(invoice, lines).encode("utf-8-sig"), "text/csv"
    raise NotFound("Invoices come as PDF or CSV.")


def read_files(session: Session, invoice: FeeInvoice) -> Callable[[], Files]:
    """Read what the invoice says; what is returned prints it, PDF and CSV, and asks the database no more."""
    lines, locale = list_lines(session, invoice), _locale(session, invoice)
    issued_on = _issued_on(session, invoice)

    def print_files() -> Files:
        yield f"{invoice.number}.pdf", write_pdf(invoice, lines, issued_on, locale)
        yield f"{invoice.number}.csv", write_csv(invoice, lines).encode("utf-8-sig")

    return print_files


def _locale(session: Session, invoice: FeeInvoice) -> str:
    return locale_for(spoken(), session.get_one(Vendor, invoice.vendor_id).locale)


def _issued_on(session: Session, invoice: FeeInvoice) -> date:
    """In the shop's time zone, as its lists have it."""
    return invoice.issued_at.astimezone(ZoneInfo(session.get_one(Shop, invoice.shop_id).timezone)).date()


def write_csv(invoice: FeeInvoice, lines: Sequence[InvoiceLine]) -> str:
    """One line per order and rate, amounts in major units; the last line is the sum."""
    heading = ("invoice", "kind", "order", "tax_percent", "net", "tax", "total", "currency")
    sums: list[tuple[str, object, int, int]] = [
        *((line.order_name, line.rate_bps / 100, line.net, line.tax) for line in lines),
        ("Total", "", invoice.net_minor, invoice.tax_minor),
    ]
    rows = (
        (invoice.number, invoice.kind, about, rate, *_decimals(invoice, net, tax), invoice.currency)
        for about, rate, net, tax in sums
    )
    return "".join(write_sheet(heading, rows))


def write_pdf(invoice: FeeInvoice, lines: Sequence[InvoiceLine], issued_on: date, locale: str) -> bytes:
    """On A4, in the vendor's manner of writing amounts and dates."""
    when, begun, ended = (
        format_date(day, "medium", locale=locale) for day in (issued_on, invoice.period_from, invoice.period_to)
    )
    facts = [
        _("Issued on %(when)s", when=when),
        _("Commission charged from %(begun)s to %(ended)s", begun=begun, ended=ended),
    ]
    if invoice.corrects:
        facts.append(_("Corrects %(corrects)s", corrects=", ".join(invoice.corrects)))
    parties = read_parties(invoice)
    return print_paper(
        Paper(
            title=f"{TITLES[invoice.kind]} {invoice.number}",
            author=parties["seller"]["name"],
            number=invoice.number,
            parties=[_list_words(parties["seller"]), _list_words(parties["buyer"])],
            facts=facts,
            head=[_("Order"), _("Tax rate"), _("Commission"), _("Tax")],
            rows=_rows(invoice, lines, locale),
            widths_mm=[60, 40, 35, 35],
            numeric=2,
            notes=[find_words(parties["note"])] if parties["note"] else [],
            remarks=[_say_settled(invoice)],
        )
    )


def _say_settled(invoice: FeeInvoice) -> str:
    if invoice.kind == "credit_note":
        return _("The amounts were given back to your balance; there is nothing to transfer.")
    return _("The amounts were kept from your sales; there is nothing to transfer.")


def _list_words(party: dict[str, str]) -> list[str]:
    return [line for line in (party["name"], *party["address"].splitlines(), party["tax_id"]) if line]


def _rows(invoice: FeeInvoice, lines: Sequence[InvoiceLine], locale: str) -> list[list[list[str]]]:
    def row(order: list[str], rate: str, *minors: int) -> list[list[str]]:
        amounts = (Money(minor, invoice.currency).decimal for minor in minors)
        return [order, [rate], *([format_currency(amount, invoice.currency, locale=locale)] for amount in amounts)]

    rows = [row([line.order_name or "-"], _percent(line.rate_bps, locale), line.net, line.tax) for line in lines]
    for rate in sorted({line.rate_bps for line in lines}):
        at = [line for line in lines if line.rate_bps == rate]
        net, tax = sum(line.net for line in at), sum(line.tax for line in at)
        rows.append(row([], _("Sum at %(rate)s", rate=_percent(rate, locale)), net, tax))
    total = format_currency(invoice.total.decimal, invoice.currency, locale=locale)
    return [*rows, [[], [], [_("Total")], [total]]]


def _percent(rate_bps: Decimal, locale: str) -> str:
    return format_percent(rate_bps / 10_000, locale=locale, decimal_quantization=False)


def _decimals(invoice: FeeInvoice, net: int, tax: int) -> list[Decimal]:
    return [Money(minor, invoice.currency).decimal for minor in (net, tax, net + tax)]

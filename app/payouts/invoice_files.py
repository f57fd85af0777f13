"""A fee invoice or credit note on paper and as a table; many of them in one archive."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency, format_percent
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, Spacer, Table
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.languages import _, find_words, lazy, locale_for, spoken
from app.models.payouts import FeeInvoice
from app.models.vendors import Vendor
from app.money import Money
from app.payouts.invoices import InvoiceLine, list_lines, read_parties
from app.payouts.paper import explain_gaps, make_table, print_paper, styles, write
from app.sheets import plain_cell

TITLES = {"invoice": lazy("Invoice"), "credit_note": lazy("Credit note")}


def make_file(session: Session, invoice: FeeInvoice, kind: str) -> tuple[bytes, str]:
    """The invoice as "pdf" or "csv", and its media type. Raises NotFound for another kind."""
    lines = list_lines(session, invoice)
    if kind == "pdf":
        locale = locale_for(spoken(), session.get_one(Vendor, invoice.vendor_id).locale)
        return write_pdf(invoice, read_parties(invoice), lines, locale), "application/pdf"
    if kind == "csv":
        return write_csv(invoice, lines).encode("utf-8-sig"), "text/csv"
    raise NotFound("Invoices come as PDF or CSV.")


def make_archive(session: Session, invoices: Iterable[FeeInvoice]) -> bytes:
    """A zip with each invoice as PDF and as CSV."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for invoice in invoices:
            for kind in ("pdf", "csv"):
                archive.writestr(f"{invoice.number}.{kind}", make_file(session, invoice, kind)[0])
    return target.getvalue()


def write_csv(invoice: FeeInvoice, lines: Sequence[InvoiceLine]) -> str:
    """One line per order and rate, amounts in major units; the last line is the sum."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(["invoice", "kind", "order", "tax_percent", "net", "tax", "total", "currency"])
    for line in lines:
        amounts = _decimals(invoice, line.net, line.tax)
        rate = str(line.rate_bps / 100)
        writer.writerow([invoice.number, invoice.kind, plain_cell(line.order_name), rate, *amounts, invoice.currency])
    total = _decimals(invoice, invoice.net_minor, invoice.tax_minor)
    writer.writerow([invoice.number, invoice.kind, "Total", "", *total, invoice.currency])
    return sheet.getvalue()


def write_pdf(invoice: FeeInvoice, parties: dict[str, Any], lines: Sequence[InvoiceLine], locale: str) -> bytes:
    """On A4, in the vendor's manner of writing amounts and dates."""
    body, small = styles()["body"], styles()["small"]
    name = f"{TITLES[invoice.kind]} {invoice.number}"
    when, begun, ended = (
        format_date(day, "medium", locale=locale) for day in (invoice.issued_at, invoice.period_from, invoice.period_to)
    )
    facts = [
        _("Issued on %(when)s", when=when),
        _("Commission charged from %(begun)s to %(ended)s", begun=begun, ended=ended),
    ]
    if invoice.corrects:
        facts.append(_("Corrects %(corrects)s", corrects=", ".join(invoice.corrects)))
    story: list[Any] = [
        _party(parties["seller"]),
        Spacer(1, 8 * mm),
        _party(parties["buyer"]),
        Spacer(1, 8 * mm),
        Paragraph(write(name), styles()["heading"]),
        *(Paragraph(write(fact), body) for fact in facts),
        Spacer(1, 6 * mm),
        _table(invoice, lines, locale),
        Spacer(1, 6 * mm),
        Paragraph(write(find_words(parties["note"]) if parties["note"] else ""), body),
        Paragraph(write(_("The amounts were kept from your sales; there is nothing to transfer.")), small),
        *explain_gaps(*(parties[side][part] for side in ("seller", "buyer") for part in ("name", "address"))),
    ]
    return print_paper(story, title=name, author=parties["seller"]["name"], number=invoice.number)


def _party(party: dict[str, str]) -> Paragraph:
    words = [party["name"], *party["address"].splitlines(), party["tax_id"]]
    return Paragraph("<br/>".join(write(line) for line in words if line), styles()["body"])


def _table(invoice: FeeInvoice, lines: Sequence[InvoiceLine], locale: str) -> Table:
    body, right, strong = (styles()[style] for style in ("body", "right", "strong"))

    def amount(minor: int) -> str:
        return write(format_currency(Money(minor, invoice.currency).decimal, invoice.currency, locale=locale))

    rows: list[list[Any]] = [[_("Order"), _("Tax rate"), _("Commission"), _("Tax")]]
    for line in lines:
        cells = [Paragraph(write(line.order_name or "-"), body), Paragraph(_percent(line.rate_bps, locale), body)]
        rows.append([*cells, Paragraph(amount(line.net), right), Paragraph(amount(line.tax), right)])
    for rate in sorted({line.rate_bps for line in lines}):
        at = [line for line in lines if line.rate_bps == rate]
        net, tax = sum(line.net for line in at), sum(line.tax for line in at)
        rows.append(
            [
                "",
                Paragraph(write(_("Sum at %(rate)s", rate=_percent(rate, locale))), body),
                Paragraph(amount(net), right),
                Paragraph(amount(tax), right),
            ]
        )
    total = amount(invoice.net_minor + invoice.tax_minor)
    rows.append(["", "", Paragraph(write(_("Total")), strong), Paragraph(total, strong)])
    return make_table(rows, [60, 40, 35, 35], numeric=2)


def _percent(rate_bps: Decimal, locale: str) -> str:
    return format_percent(rate_bps / 10_000, locale=locale, decimal_quantization=False)


def _decimals(invoice: FeeInvoice, net: int, tax: int) -> list[str]:
    return [str(Money(minor, invoice.currency).decimal) for minor in (net, tax, net + tax)]

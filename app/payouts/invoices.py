"""Fee invoices: the commission that the books have charged to a vendor and no invoice has named yet.

Commission given back on something that an invoice has charged becomes a credit note; what was given back before any
invoice simply is not charged. Numbers have no gaps: they are counted under a lock, in the transaction that uses them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app import clock
from app.config import get_config
from app.crypto import decrypt, encrypt
from app.errors import Conflict, NotFound
from app.languages import noted
from app.models.payouts import FeeInvoice, PayoutSettings
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.payouts import queries, service
from app.payouts.paper import has_letters_for
from app.vendors.payout_details import find_payout_details

_EU: Final = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
_REVERSE_CHARGE: Final = noted("Reverse charge: the recipient owes the VAT (Article 196 of Directive 2006/112/EC).")
_KEEP: Final = text("""
CREATE TEMPORARY TABLE to_invoice ON COMMIT DROP AS
SELECT t.id, t.vendor_id, t.order_id, t.currency, t.booked_at,
       sum(e.amount_minor) FILTER (WHERE e.account = 'commission') AS net,
       sum(e.amount_minor) FILTER (WHERE e.account = 'fee_tax') AS tax
FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
WHERE t.shop_id = :shop_id AND t.vendor_id = ANY (:vendor_ids) AND t.booked_at < :until
  AND e.account IN ('commission', 'fee_tax')
  AND NOT EXISTS (SELECT FROM fee_invoice_postings p WHERE p.transaction_id = t.id)
GROUP BY t.id
""")
_SORT_OUT: Final = text("CREATE INDEX ON to_invoice (vendor_id)")
"""Or each invoice would go through the postings of all vendors."""
# An order's sum decides: what was charged goes on an invoice, what was given back on a credit note.
_SUMS: Final = text("""
SELECT vendor_id, kind, currency, sum(net) AS net, sum(tax) AS tax, min(first) AS first,
       array_agg(coalesce(order_id, 0)) AS orders
FROM (
  SELECT vendor_id, order_id, currency, coalesce(sum(net), 0) AS net, coalesce(sum(tax), 0) AS tax,
         min(booked_at) AS first,
         CASE WHEN coalesce(sum(net), 0) + coalesce(sum(tax), 0) > 0 THEN 'invoice' ELSE 'credit_note' END AS kind
  FROM to_invoice GROUP BY vendor_id, order_id, currency
) AS by_order
WHERE net <> 0 OR tax <> 0
GROUP BY vendor_id, kind, currency ORDER BY vendor_id, kind DESC, currency
""")
_STAMP: Final = text("""
INSERT INTO fee_invoice_postings (transaction_id, shop_id, vendor_id, invoice_id)
SELECT id, :shop_id, vendor_id, :invoice_id FROM to_invoice
WHERE vendor_id = :vendor_id AND currency = :currency AND coalesce(order_id, 0) = ANY (:orders)
""")
_CORRECTED: Final = text("""
SELECT DISTINCT i.number FROM fee_invoices i JOIN fee_invoice_postings p ON p.invoice_id = i.id
JOIN ledger_transactions t ON t.id = p.transaction_id
WHERE i.vendor_id = :vendor_id AND i.kind = 'invoice' AND t.order_id = ANY (:orders) ORDER BY i.number
""")
_LINES: Final = text("""
SELECT coalesce(v.name, '') AS order_name, t.order_id,
       coalesce(l.fee_tax_bps, (SELECT max(o.fee_tax_bps) FROM order_lines o
                                WHERE o.order_id = t.order_id AND o.vendor_id = t.vendor_id), 0) AS rate,
       coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'commission'), 0) AS net,
       coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'fee_tax'), 0) AS tax
FROM fee_invoice_postings p JOIN ledger_transactions t ON t.id = p.transaction_id
JOIN ledger_entries e ON e.transaction_id = t.id AND e.account IN ('commission', 'fee_tax')
LEFT JOIN order_lines l ON l.order_id = t.order_id AND t.component = 'line:' || l.shopify_id
LEFT JOIN vendor_orders v ON v.order_id = t.order_id AND v.vendor_id = t.vendor_id
WHERE p.invoice_id = :invoice_id
GROUP BY v.name, t.order_id, rate ORDER BY t.order_id, rate
""")


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One order's commission at one rate of tax, in minor units."""

    order_name: str
    order_id: int | None
    rate_bps: Decimal
    net: int
    tax: int


def issue(session: Session, shop: Shop, vendor_ids: Sequence[int], *, until: date) -> int:
    """Invoice all commission of these vendors that was booked before the day `until`. Returns how many papers.

    Raises Conflict when the merchant's name and address are not known.
    """
    held = queries.find_settings(session, shop.id)
    check_seller(held)
    service.lock(session, shop.id)
    moment = datetime.combine(until, time(), ZoneInfo(shop.timezone))
    session.execute(_KEEP, {"shop_id": shop.id, "vendor_ids": list(vendor_ids), "until": moment})
    session.execute(_SORT_OUT)
    rows = session.execute(_SUMS).mappings().all()
    last = session.scalar(select(func.max(FeeInvoice.sequence)).where(FeeInvoice.shop_id == shop.id)) or 0
    for sequence, row in enumerate(rows, start=last + 1):
        _add(session, shop, held, sequence, row, until)
    session.execute(text("DROP TABLE to_invoice"))
    return len(rows)


def knows_seller(held: PayoutSettings) -> bool:
    return bool(held.invoice_name and held.invoice_address)


def check_seller(held: PayoutSettings) -> None:
    """Raises Conflict when the merchant's name and address are not known."""
    if not knows_seller(held):
        raise Conflict("Enter the name and address that stand on invoices first.")


def _add(
    session: Session, shop: Shop, held: PayoutSettings, sequence: int, row: Mapping[Any, Any], until: date
) -> None:
    vendor = session.get_one(Vendor, row["vendor_id"])
    wanted = {"vendor_id": vendor.id, "currency": row["currency"], "orders": row["orders"]}
    corrects = session.scalars(_CORRECTED, wanted).all() if row["kind"] == "credit_note" else []
    invoice = FeeInvoice(
        shop_id=shop.id,
        vendor_id=vendor.id,
        sequence=sequence,
        number=f"{held.invoice_prefix}-{sequence:06d}",
        kind=row["kind"],
        currency=row["currency"],
        net_minor=int(row["net"]),
        tax_minor=int(row["tax"]),
        period_from=row["first"].astimezone(ZoneInfo(shop.timezone)).date(),
        period_to=until - timedelta(days=1),
        parties=_freeze(held, vendor, has_tax=bool(row["tax"])),
        corrects=list(corrects),
        issued_at=clock.now(),
    )
    session.add(invoice)
    session.flush()
    session.execute(_STAMP, wanted | {"shop_id": shop.id, "invoice_id": invoice.id})


def _freeze(held: PayoutSettings, vendor: Vendor, *, has_tax: bool) -> bytes:
    keys = get_config().secret_keys
    tax_id = decrypt(vendor.tax_id, keys) if vendor.tax_id else ""
    abroad = {held.invoice_country, vendor.country} <= _EU and held.invoice_country != vendor.country
    note = "" if has_tax else _REVERSE_CHARGE if abroad and tax_id else held.invoice_note
    seller = {"name": held.invoice_name, "address": held.invoice_address, "tax_id": held.invoice_tax_id}
    name = vendor.name
    if not has_letters_for(name) and (details := find_payout_details(vendor)):
        name = f"{name} ({details.holder})"
    buyer = {"name": name, "address": f"{vendor.location}\n{vendor.country}".strip(), "tax_id": tax_id}
    return encrypt(json.dumps({"seller": seller, "buyer": buyer, "note": note}), keys)


def read_parties(invoice: FeeInvoice) -> dict[str, Any]:
    """Seller and buyer, each with name, address and tax_id, and the note."""
    found: dict[str, Any] = json.loads(decrypt(invoice.parties, get_config().secret_keys))
    return found


def list_lines(session: Session, invoice: FeeInvoice) -> list[InvoiceLine]:
    """What the invoice charges, by order. Their sums are the invoice's."""
    rows = session.execute(_LINES, {"invoice_id": invoice.id})
    return [InvoiceLine(r.order_name, r.order_id, Decimal(r.rate), int(r.net), int(r.tax)) for r in rows]


def get_invoice(session: Session, shop_id: int, invoice_id: int, vendor_id: int | None = None) -> FeeInvoice:
    """An invoice of the shop, or of one vendor of it. Raises NotFound."""
    found = session.get(FeeInvoice, invoice_id)
    if found is None or found.shop_id != shop_id or (vendor_id is not None and found.vendor_id != vendor_id):
        raise NotFound("There is no such invoice.")
    return found

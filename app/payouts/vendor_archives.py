"""A vendor's own papers in one file, printed while it is sent: it begins at once, and a browser says how far it is.

Nothing is kept for it, neither memory nor a transaction, however slowly it is taken and wherever it is broken off.
"""

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy.orm import Session

from app import clock
from app.db import scoped
from app.languages import speaking, spoken
from app.models.payouts import FeeInvoice, Payout
from app.models.shops import Shop
from app.payouts import invoice_files, statements
from app.payouts.zips import Files, zip_files

_Read = Callable[[Session, int], Callable[[], Files]]
"""Reads what a paper says; what it returns prints it."""


def zip_statements(shop_id: int, vendor_id: int, payout_ids: Sequence[int]) -> Iterator[bytes]:
    """Of the vendor's own payouts, each as PDF and as CSV."""

    def read(session: Session, number: int) -> Callable[[], Files]:
        return statements.read_files(session, session.get_one(Shop, shop_id), session.get_one(Payout, number))

    return zip_files(_print_each(shop_id, vendor_id, payout_ids, read, spoken()), clock.now())


def zip_invoices(shop_id: int, vendor_id: int, invoice_ids: Sequence[int]) -> Iterator[bytes]:
    """The vendor's own, each as PDF and as CSV."""

    def read(session: Session, number: int) -> Callable[[], Files]:
        return invoice_files.read_files(session, session.get_one(FeeInvoice, number))

    return zip_files(_print_each(shop_id, vendor_id, invoice_ids, read, spoken()), clock.now())


def _print_each(shop_id: int, vendor_id: int, ids: Sequence[int], read: _Read, language: str) -> Files:
    for number in ids:
        with speaking(language):  # the request's is over by then
            with scoped(shop_id, vendor_id) as session:
                print_files = read(session, number)
            files = list(print_files())
        yield from files

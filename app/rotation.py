"""Putting every stored secret under the newest of SECRET_KEYS, so that an old key can be thrown away."""

from typing import Final

from sqlalchemy import ColumnElement, Table, select, update

from app import crypto, db
from app.config import get_config
from app.models.mapping import Model

ENCRYPTED: Final[dict[str, tuple[str, ...]]] = {
    "shops": ("access_token", "refresh_token"),
    "vendors": ("tax_id", "payout_account", "payout_holder", "payout_waiting"),
    "vendor_answers": ("content",),
    "money_settings": ("payer_iban",),
    "payout_batches": ("file_head",),
    "payouts": ("account", "holder"),
    "rail_keys": ("secret",),
    "fee_invoices": ("parties",),
    "paper_files": ("content",),
    "login_factors": ("secret",),
    "hooks": ("secret",),
    "privacy_requests": ("person",),
    "privacy_exports": ("content",),
}
_BATCH: Final = 200


def rotate_all() -> int:
    """Re-encrypt everything that is stored; safe to interrupt and to repeat. Returns how many values were rewritten.

    Raises ValueError when a value fits none of the keys: then the key that wrote it must come back into SECRET_KEYS.
    """
    tables = Model.metadata.tables
    return sum(_rotate_column(tables[name], column) for name, columns in ENCRYPTED.items() for column in columns)


def _rotate_column(table: Table, name: str) -> int:
    column, key = table.c[name], next(iter(table.primary_key.columns))
    last, rewritten = 0, 0
    while True:
        with db.system() as session:
            query = select(key, column).where(column.is_not(None), key > last).order_by(key).limit(_BATCH)
            rows = session.execute(query).all()
            for row_id, blob in rows:
                # Compare and swap: a value that changed meanwhile was written under the newest key anyway.
                unchanged: tuple[ColumnElement[bool], ...] = (key == row_id, column == blob)
                fresh = crypto.rotate(bytes(blob), get_config().secret_keys)
                session.execute(update(table).where(*unchanged).values({name: fresh}))
        if not rows:
            return rewritten
        last, rewritten = rows[-1][0], rewritten + len(rows)

"""`make bench-payouts`: a payout batch for 10,000 vendors over 1,000,000 entries, and the same at a tenth of the size.

What is measured is what the merchant's button does, in one process: preview, claim, approve, mark as sent, commit.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import psycopg

from bench import servers

RESULT = servers.ROOT / "var" / "bench" / "payouts.json"
_SHOP = """
SET session_replication_role = replica; -- a hundred sales each, at once: nothing of it is what is measured
INSERT INTO shops (domain, name, currency) VALUES ('acme.myshopify.com', 'Acme', 'USD');
INSERT INTO shop_settings (shop_id) SELECT id FROM shops;
"""
_VENDORS = """
INSERT INTO vendors (shop_id, handle, name, email, status, payout_rail, payout_account, payout_holder, payout_last4)
SELECT s.id, 'v' || n, 'Vendor ' || n, 'v' || n || '@example.com', 'approved', 'bank', 'x', 'x', '3000'
FROM shops s, generate_series(1, %(vendors)s) n
"""
_SALES = """
WITH sold AS (
  INSERT INTO ledger_transactions (shop_id, vendor_id, key, source_key, kind, currency, happened_at)
  SELECT v.shop_id, v.id, 'sale:' || v.id || ':' || n, 'sale:' || v.id || ':' || n, 'released', 'USD', now()
  FROM vendors v, generate_series(1, %(each)s) n RETURNING id, shop_id, vendor_id
)
INSERT INTO ledger_entries (shop_id, vendor_id, transaction_id, account, amount_minor, currency)
SELECT shop_id, vendor_id, id, account, sign * (100 + id %% 900), 'USD'
FROM sold, (VALUES ('vendor_available', 1), ('vendor_held', -1)) AS side (account, sign)
"""
_OPEN = """
INSERT INTO open_entries (entry_id, shop_id, vendor_id, currency, amount_minor) -- what a trigger does otherwise
SELECT id, shop_id, vendor_id, currency, amount_minor FROM ledger_entries WHERE account = 'vendor_available'
"""


def fill(url: str, vendors: int, entries: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(_SHOP)
        connection.execute(_VENDORS, {"vendors": vendors})
        connection.execute(_SALES, {"each": entries // vendors})
        connection.execute(_OPEN)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def pay() -> dict[str, float]:
    """Press the buttons. Seconds by step, and this process's peak memory in MB; it is told where by its environment."""
    from sqlalchemy import func, select  # noqa: PLC0415 - in the measured process only

    from app import db  # noqa: PLC0415
    from app.models.payouts import Payout, PayoutBatch, PayoutEntry  # noqa: PLC0415
    from app.models.shops import Shop  # noqa: PLC0415
    from app.payouts import checks, queries, service  # noqa: PLC0415

    took: dict[str, float] = {}
    with db.system() as session:
        shop = session.scalars(select(Shop)).one()

    def step(name: str, act: Any) -> None:
        began = time.perf_counter()
        with db.scoped(shop.id) as session:
            act(session)
        took[name] = round(time.perf_counter() - began, 2)

    step("preview", lambda s: queries.preview(s, shop))
    step("claim", lambda s: service.open_batch(s, shop, None, actor="bench"))
    with db.scoped(shop.id) as session:
        batch = session.scalars(select(PayoutBatch)).one()
    step("approve", lambda s: service.move_batch(s, shop, batch, "approve", actor="bench"))
    step("make_file", lambda s: service.make_file(s, shop, s.get_one(PayoutBatch, batch.id), actor="bench"))
    step("mark_sent", lambda s: service.move_batch(s, shop, batch, "mark_sent", actor="bench"))
    with db.scoped(shop.id) as session:
        took["payouts"] = session.scalar(select(func.count()).select_from(Payout)) or 0
        took["entries"] = session.scalar(select(func.count()).select_from(PayoutEntry)) or 0
        assert not checks.list_mismatched_payouts(session, shop.id)
    took["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return took


def measure(vendors: int, entries: int) -> dict[str, float]:
    with servers.temporary_folder() as folder:
        database = servers.Database(folder)
        try:
            fill(database.url, vendors, entries)
            env = {**os.environ, "DATABASE_URL": database.url, "SECRET_KEYS": "bench", "STALLKEEPER_VAR": str(folder)}
            env |= {"SHOPIFY_API_KEY": servers.API_KEY, "SHOPIFY_API_SECRET": servers.API_SECRET}
            command = [sys.executable, "-m", "bench.money_payouts", "--pay"]
            done = subprocess.run(command, cwd=servers.ROOT, env=env, check=True, capture_output=True, timeout=170)
            found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
            return found
        finally:
            database.stop_at_once()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vendors", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--pay", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.pay:
        print(json.dumps(pay()))
        return 0
    sizes = [(options.vendors // 10, options.entries // 10), (options.vendors, options.entries)]
    found = {f"{vendors} vendors, {entries} entries": measure(vendors, entries) for vendors, entries in sizes}
    for size, took in found.items():
        print(size, took)
    small, large = (one["claim"] for one in found.values())
    print(f"ten times the data: {large / small:.1f} times the claim")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())

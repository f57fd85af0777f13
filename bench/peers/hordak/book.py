# mypy: ignore-errors
# ruff: noqa: E402
"""Orders into django-hordak's books, as often as asked. Runs with packages of its own."""

import itertools
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
            "USER": "postgres",
            "NAME": os.environ["PGDATABASE"],
            "CONN_MAX_AGE": None,
        }
    },
    INSTALLED_APPS=("django.contrib.contenttypes", "mptt", "hordak"),
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DEFAULT_CURRENCY="USD",
    HORDAK_INTERNAL_CURRENCY="USD",
    CURRENCIES=("USD",),
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command
from django.db import transaction
from hordak.models import Account, Leg, Transaction
from moneyed import Money

SHAPES = {7: (7,), 22: (3, 3, *(2,) * 8)}
"""Legs of an order's transactions: one, and ten as ours are."""


def main() -> None:
    call_command("migrate", verbosity=0)
    accounts = [Account.objects.create(name=f"Account {at}", type="LI", code=str(at)) for at in range(10)]
    with ThreadPoolExecutor(4) as pool:
        print("booked 0", flush=True)
        for line in sys.stdin:
            wish = json.loads(line)
            until = time.perf_counter() + wish["seconds"]
            loops = [pool.submit(book, accounts, wish, until) for _ in range(wish["beside"])]
            print("booked", sum(loop.result() for loop in loops), flush=True)


def book(accounts: list[Account], wish: dict, until: float) -> int:
    booked, write = 0, write_at_once if wish["what"].endswith("bulk_create") else write_one_by_one
    while time.perf_counter() < until:
        with transaction.atomic():
            write([legs for _ in range(wish["batch"]) for legs in SHAPES[wish["rows"]]], accounts)
        booked += wish["batch"]
    return booked


def write_one_by_one(shapes: list[int], accounts: list[Account]) -> None:
    for legs in shapes:
        for leg in make_legs(Transaction.objects.create(), legs, accounts):
            leg.save()


def write_at_once(shapes: list[int], accounts: list[Account]) -> None:
    made = Transaction.objects.bulk_create([Transaction() for _ in shapes])
    Leg.objects.bulk_create(
        leg for one, legs in zip(made, shapes, strict=True) for leg in make_legs(one, legs, accounts)
    )


def make_legs(of: Transaction, legs: int, accounts: list[Account]) -> list[Leg]:
    """The buyer's money on one side, its parts on the other."""
    whole = Leg(transaction=of, account=accounts[0], debit=Money(5 * (legs - 1), "USD"))
    parts = itertools.islice(itertools.cycle(accounts[1:]), legs - 1)
    return [whole, *(Leg(transaction=of, account=account, credit=Money(5, "USD")) for account in parts)]


if __name__ == "__main__":
    main()

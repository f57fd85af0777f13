"""Proofs look at the same orders as the tests of booking."""

from tests.orders.conftest import goods, post, store

__all__ = ["goods", "post", "store"]

"""Asking customers how it was."""

from app.reviews import requests


def ask_where_due() -> None:
    """Every ten minutes: customers whose parcel arrived some days ago."""
    requests.ask_where_due()

"""Stored webhooks that have done their work; rides in the queue `catalogue`, where nobody waits for the next job."""

from app.inbox import retention


def clean_up() -> None:
    retention.clean_up()

"""Indexes on tables that are in use: nobody who writes waits while one is made."""

from collections.abc import Sequence
from typing import Any

from alembic import op


def create_index(name: str, table: str, columns: Sequence[Any], **more: Any) -> None:
    """As `op.create_index`, in a migration that does nothing else: what it did before would be committed by this.

    Killed half-way it leaves an index that only costs, and a migration that is played again: then that one goes first.
    """
    with op.get_context().autocommit_block():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, postgresql_concurrently=True, **more)

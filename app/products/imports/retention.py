"""Files of products are kept as long as somebody may want to look them up or undo them."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func

from app import clock
from app.db import system
from app.models.products import ImportStatus, ProductImport

KEPT: Final = timedelta(days=90)
_UNDER_WAY: Final = (ImportStatus.RUNNING, ImportStatus.UNDOING)


def remove_old() -> int:
    """Forget files that nothing was done with for three months, with their lines. Returns how many."""
    last_used = func.coalesce(ProductImport.finished_at, ProductImport.created_at)
    old = (last_used < clock.now() - KEPT, ProductImport.status.not_in(_UNDER_WAY))
    with system() as session:
        return len(session.execute(delete(ProductImport).where(*old).returning(ProductImport.id)).all())

"""Jobs of the vendor portal."""

from app.auth import visits
from app.db import system
from app.notices import service as notices
from app.vendors import invitations


def end_visits() -> None:
    """Write down the end of visits whose half hour is over."""
    with system() as session:
        visits.end_lapsed(session)


def forget_invitations() -> None:
    """Remove the addresses of sellers who were asked and never came."""
    with system() as session:
        invitations.forget_old(session)


def forget_notices() -> None:
    """Remove what was told long ago."""
    with system() as session:
        notices.forget_old(session)

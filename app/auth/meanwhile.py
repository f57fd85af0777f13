"""Two people at one form of the shop's: whoever saves second is told who was first, and decides once more.

The form carries in `seen` the newest entry of the log about what it shows: every save writes one. Its view marks the
form, and refuses the second before it looks at anything else.
"""

from typing import Final

from flask import g, request
from sqlalchemy import ColumnElement, select, true

from app.auth import merchant
from app.auth.staff import who
from app.errors import Conflict
from app.models.events import AuditEntry
from app.models.shops import ShopSettings
from app.typed import read_number

_NEW_CURRENCY: Final = "shop.currency"
_ALL: Final = true()


def mark(*about: ColumnElement[bool]) -> int:
    """What the form carries; 0 before the first save. `about`: which entries of the log tell of a save.

    A form that comes back without having been looked at, because of a mistake in it, carries what it came with.
    """
    sent = read_number(request.form.get("seen"))
    if sent is not None and not g.get("looked_for_others"):
        return sent
    newest = _find_newest(about)
    return newest.id if newest else 0


def saves_of_amounts(*actions: str, which: ColumnElement[bool] = _ALL) -> ColumnElement[bool]:
    """Entries about a form with amounts in it: `which` of these saves, and the shop's other currency, which changes it
    too. They are found by their actions.
    """
    return AuditEntry.action.in_((*actions, _NEW_CURRENCY)) & (which | (AuditEntry.action == _NEW_CURRENCY))


def refuse_second(*about: ColumnElement[bool]) -> None:
    """Raise Conflict when somebody saved while the form that is sent was open. What was changed in it stays on the
    screen. The rest becomes what is saved, and so does its mark (merchant.js: the header `Seen` tells it to): sent
    again, it writes no more than its own changes.

    Nobody else saves anything of the shop's before this request has ended.
    """
    g.looked_for_others = True
    g.session.get_one(ShopSettings, g.shop.id, with_for_update=True)
    newest, seen = _find_newest(about), request.form.get("seen")
    if newest is None or seen is None or seen == str(newest.id):
        return
    refusal = Conflict(
        f"{_say(newest)} What you changed is still here, the rest is now what was saved:"
        " save again to keep your changes, or reload the page to drop them."
    )
    refusal.headers["Seen"] = str(newest.id)
    raise refusal


def _say(newest: AuditEntry) -> str:
    if newest.action == _NEW_CURRENCY:
        return f"The store's currency became {g.shop.currency} while you had this open, so check the amounts."
    by = "You" if newest.actor == merchant.actor() else who(newest.actor)
    return f"{by} saved this{' in another window' if by == 'You' else ''} while you had it open."


def _find_newest(about: tuple[ColumnElement[bool], ...]) -> AuditEntry | None:
    query = select(AuditEntry).where(AuditEntry.shop_id == g.shop.id, *about)
    found: AuditEntry | None = g.session.scalar(query.order_by(AuditEntry.id.desc()).limit(1))
    return found

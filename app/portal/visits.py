"""The shop's staff on their way into a vendor's pages: the ticket opens a page that says what a visit is."""

from flask import Blueprint, Response, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import db, web
from app.auth import portal, visits
from app.models.shops import Shop, ShopStatus
from app.models.staff import Visit
from app.models.vendors import Vendor

bp = Blueprint("portal_visits", __name__, url_prefix="/portal/visit")
web.open_to_all(bp, why="staff have no vendor session yet; each ticket is checked on its own")
bp.before_request(web.refuse_foreign_posts)
bp.after_request(portal.seal)


@bp.get("/<ticket>")
def show_ticket(ticket: str) -> ResponseReturnValue:
    """A page with a button: whatever merely follows links must not use the ticket up."""
    with db.system() as session:
        visit = visits.find_waiting(session, ticket)
        vendor = _dress(session, visit)
    if visit is None or vendor is None:
        return render_template("portal/visit.html", visit=None, ended=False), 410
    return render_template("portal/visit.html", visit=visit, vendor_name=vendor.name)


@bp.post("/<ticket>")
def begin(ticket: str) -> ResponseReturnValue:
    with db.system() as session:
        vendor = _dress(session, visits.find_waiting(session, ticket))
        visit = visits.begin(session, ticket) if vendor and vendor.status in visits.OPEN_TO else None
        if visit is None:
            return render_template("portal/visit.html", visit=None, ended=False), 410
        response: Response = redirect("/portal", 303)  # type: ignore[assignment]
        portal.start_visit(session, visit, response)
    return response


@bp.get("/ended")
def show_end() -> ResponseReturnValue:
    return render_template("portal/visit.html", visit=None, ended=True)


def _dress(session: Session, visit: Visit | None) -> Vendor | None:
    """The vendor, when the shop still has the app; the page wears the shop's look."""
    shop = session.get(Shop, visit.shop_id) if visit else None
    if visit is None or shop is None or shop.status is not ShopStatus.INSTALLED:
        return None
    portal.greet(session, shop)
    return session.get(Vendor, visit.vendor_id)

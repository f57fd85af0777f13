"""What a decision about a vendor does, in the words that stand beside it before it is made."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.orders import VendorOrder, VendorOrderStatus
from app.models.products import Product, is_on_sale
from app.models.vendors import Vendor, VendorStatus


@dataclass(frozen=True, slots=True)
class Standing:
    """What a decision would touch: products on sale, and orders that are still to be sent."""

    on_sale: int
    to_send: int
    is_applicant: bool = False


def read_standing(session: Session, vendor: Vendor) -> Standing:
    on_sale = select(func.count()).where(Product.vendor_id == vendor.id, is_on_sale())
    waiting = VendorOrder.status.in_((VendorOrderStatus.TO_SHIP, VendorOrderStatus.PARTLY_SHIPPED))
    to_send = select(func.count()).where(VendorOrder.vendor_id == vendor.id, waiting)
    is_applicant = vendor.status in {VendorStatus.PENDING, VendorStatus.REJECTED}
    return Standing(session.scalar(on_sale) or 0, session.scalar(to_send) or 0, is_applicant)


def list_effects(standing: Standing) -> dict[str, str]:
    """By action, in sentences."""
    orders = _count(standing.to_send, "order")
    are = "is" if standing.to_send == 1 else "are"
    goods = f"{_count(standing.on_sale, 'product')} {'goes' if standing.on_sale == 1 else 'go'} off sale"
    hides = f"The public page is hidden{f' and {goods}' if standing.on_sale else ''}."
    theirs = f"{orders} that {are} still to be sent {'stays' if standing.to_send == 1 else 'stay'} theirs to send."
    left = f"{orders} {are} still to be sent: see first who sends {'it' if standing.to_send == 1 else 'them'}."
    return {
        "approve": "The public page appears, and an e-mail brings the way into the vendor pages.",
        "reject": "They cannot open the vendor pages. They may apply again.",
        "suspend": " ".join([hides, *([theirs] if standing.to_send else []), "Nothing is paid out meanwhile."]),
        "reinstate": "The public page and what was on sale come back, and payouts go on. An e-mail says so.",
        "close": "The history stays, and they may apply again. No e-mail is sent."
        if standing.is_applicant
        else " ".join(
            [
                "Nobody opens the vendor pages any more.",
                *([left] if standing.to_send else []),
                "What was earned is still paid out, the history stays, and they may apply again. An e-mail says so.",
            ]
        ),
    }


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"

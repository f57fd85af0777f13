"""The story's second half: from a customer's order to a vendor's statement, to the cent.

The sums below are worked out here by hand, from prices and percentages; the app has to arrive at the same ones.

    two mugs at 24.00 and a loaf at 9.50, 10 % off by code, shipping 6.90, tax 10 % on both
    Ada   48.00 - 4.80 = 43.20, commission 4.32, hers 38.88, of the shipping 5.76: 44.64
    Bea    9.50 - 0.95 =  8.55, commission 0.86, hers  7.69, of the shipping 1.14:  8.83
    one mug returned: 21.60 of the 43.20; commission 2.16 and 19.44 of Ada's go back: 25.20 is left
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

from demo.browser import Page, Unexpected
from demo.people import wait_for, wait_for_mail
from demo.telling import Story

_HOLD_DAYS = 14
_IBAN = "DE89370400440532013000"
_NAMESPACE = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"


def give_bank_account(story: Story) -> str:
    try:
        _type_iban(story, "DE00370400440532013000")
    except Unexpected as refused:
        if "422" not in str(refused):
            raise
    else:
        raise Unexpected("a wrong IBAN was taken")
    _type_iban(story, _IBAN)
    story.ada.open("/portal/payout-details").must_say(_IBAN[-4:]).must_not_say(_IBAN)
    return "a mistyped IBAN was refused beside its field; the right one is kept encrypted, its last digits shown"


def _type_iban(story: Story, iban: str) -> Page:
    return story.ada.open("/portal/payout-details").submit(having="iban", iban=iban, holder="Ada Larsen")


def buy(story: Story) -> str:
    story.cleo.add_to_cart(story.notes["mug"], quantity=2)
    story.cleo.add_to_cart(story.notes["loaf"])
    page = story.cleo.check_out(code="WELCOME10")
    page.must_say("$57.50", "$5.75", "$6.90", "$5.87", "$64.52")
    found = re.search(r"Order (#\d+)", page.text)
    if not found:
        raise Unexpected("the thank-you page names no order")
    story.notes["order"] = found.group(1)
    return f"{story.notes['order']}: two mugs and a loaf, 10 % off, shipping and tax: $64.52"


def split(story: Story) -> str:
    page = wait_for("the order in the app", lambda: _order_page(story).must_say("$44.64"))
    page.must_say("$4.32", "$38.88", "$5.76", "$44.64", "$0.86", "$7.69", "$1.14", "$8.83", "Default commission")
    order = story.notes["order"]
    wait_for_mail(story.town, story.ada.email, f"New order {order}")
    wait_for_mail(story.town, story.bea.email, f"New order {order}")
    wait_for_mail(story.town, story.cleo.email, order)
    _prove(story)
    return "Ada $44.64, Bea $8.83, commission $5.18; both vendors and the customer have mail"


def hear_twice(story: Story) -> str:
    before = _order_page(story).text
    for mode in ("duplicate", "reverse"):
        sent = story.town.control("POST", "webhooks/redeliver", {"mode": mode, "shop": story.town.shops["acme"]})
        story.town.control("POST", "webhooks/settle")
        wait_for("every event to be handled", lambda: _nothing_waits(story))
        if _order_page(story).text != before:
            raise Unexpected(f"the order looks different after {mode} delivery")
    _prove(story)
    return f"every webhook again ({_count(sent)} deliveries), then all in reverse order: nothing changed"


def ship(story: Story) -> str:
    page = wait_for("the order in Ada's portal", lambda: story.ada.open("/portal/orders").follow(story.notes["order"]))
    page.must_say("Cleo Parker", story.mug_title).must_not_say(story.loaf_title)
    page.submit(to="/ship", carrier="UPS", tracking_number="1Z999AA10123456784")
    wait_for_mail(story.town, story.cleo.email, "has sent your order")
    wait_for("the tracking number in Shopify", lambda: "1Z999AA10123456784" in _shopify_order(story).html)
    page = story.ada.open("/portal/orders").follow(story.notes["order"]).must_say("1Z999AA10123456784")
    return f"sent with UPS 1Z999AA10123456784; Shopify shows it, Cleo has mail; {page.url}"


def refund(story: Story) -> str:
    page = story.merchant.admin.open(_shopify_order(story).link("Refund"))
    name = next(
        str(tag["name"]) for tag in page.soup.find_all("s-number-field") if story.mug_title in str(tag.get("label"))
    )
    page.submit(having=name, **{name: "1"})
    wait_for("the clawback", lambda: _order_page(story).must_say("$25.20"))
    _prove(story)
    return "one mug refunded in the Shopify admin: commission $2.16 and $19.44 of Ada's went back, $25.20 is left"


def wait_for_hold(story: Story) -> str:
    story.ada.open("/portal/money").must_say("$25.20")
    story.merchant.open("/app/payouts").must_not_say(story.ada_name)
    story.pass_days(_HOLD_DAYS + 1)
    wait_for(
        "Ada's money to be released", lambda: story.merchant.open("/app/payouts").must_say(story.ada_name, "$25.20")
    )
    return f"on hold until {_HOLD_DAYS} days after shipping; a day later $25.20 is ready to be paid"


def pay(story: Story) -> str:
    settings = story.merchant.open("/app/payouts/settings")
    settings.submit(to="/payer", name="Acme", iban="GB29NWBK60161331926819")
    vendor = _tick_of(story.merchant.open("/app/payouts"), story.ada_name)
    story.merchant.open("/app/payouts").submit(having="vendor", vendor=[vendor])
    batch = story.merchant.open("/app/payouts").follow("Batch").must_say(story.ada_name, "$25.20")
    for action in ("/approve", "/make_file"):
        story.merchant.open(batch.url).submit(to=action)
    file = story.merchant.open(f"{batch.url}/file.xml").html
    paid = [(t.findtext(f".//{_NAMESPACE}InstdAmt"), t.findtext(f".//{_NAMESPACE}IBAN")) for t in _transfers(file)]
    story.merchant.open(batch.url).submit(to="/mark_sent")
    wait_for_mail(story.town, story.ada.email, "on its way to you")
    story.notes["batch"] = batch.url
    return f"previewed, approved, bank file (pain.001) with {paid}, marked as sent; Ada has mail"


def read_statement(story: Story) -> str:
    story.ada.sign_in()  # after two weeks away her first session has ended
    page = story.ada.open("/portal/money").must_say("$25.20")
    link = next(str(a["href"]) for a in page.soup.find_all("a", href=re.compile(r"/portal/money/payouts/\d+$")))
    page = story.ada.open(link).must_say("$25.20", story.notes["order"])
    table = story.ada.open(f"{link}/statement.csv").must_say(story.notes["order"]).html
    paper = story.ada.client.get(f"{link}/statement.pdf")
    if not paper.content.startswith(b"%PDF"):
        raise Unexpected("the statement is no PDF")
    return f"statement as page, CSV ({len(table.splitlines())} lines) and PDF ({len(paper.content) // 1024} kB)"


def close_books(story: Story) -> str:
    page = _prove(story)
    checked = re.search(r"\d[\d,]* bookings", page.text)
    return f"{checked.group() if checked else 'everything'} compared with Shopify and the payouts: everything agrees"


def _order_page(story: Story) -> Page:
    return story.merchant.open("/app/orders").follow(story.notes["order"])


def _shopify_order(story: Story) -> Page:
    return story.merchant.admin.open("/store/acme/orders").follow(story.notes["order"])


def _prove(story: Story) -> Page:
    """Have the books proven, as the merchant does at any time; the proof runs in a job."""
    story.merchant.open("/app/reconciliation").submit(to="/app/reconciliation")

    def look() -> Page | None:
        page = story.merchant.open("/app/reconciliation")
        return None if "A proof is under way" in page.text else page.must_say("Everything agrees")

    return wait_for("the proof of the books", look)


def _nothing_waits(story: Story) -> bool:
    waiting = story.merchant.open("/app/events?state=received")
    return not waiting.soup.find_all("s-link", href=re.compile(r"/app/events/\d+"))


def _tick_of(page: Page, name: str) -> str:
    for tick in page.soup.find_all("s-checkbox"):
        if tick.get("name") == "vendor" and tick.get("label") == name:
            return str(tick["value"])
    raise Unexpected(f"{name} cannot be ticked on {page.url}")


def _transfers(file: str) -> list[ET.Element]:
    return ET.fromstring(file.encode()).findall(f".//{_NAMESPACE}CdtTrfTxInf")  # noqa: S314 - our own file


def _count(sent: object) -> int:
    return len(sent) if isinstance(sent, list) else int(dict(sent or {}).get("sent", 0))  # type: ignore[call-overload]


STEPS: tuple[tuple[str, Callable[[Story], str]], ...] = (
    ("Ada says where her money goes", give_bank_account),
    ("Cleo buys from both, with a code", buy),
    ("The order is split, to the cent", split),
    ("Every webhook twice, and in reverse", hear_twice),
    ("Ada ships", ship),
    ("Mona refunds a part", refund),
    ("The hold passes", wait_for_hold),
    ("Mona pays", pay),
    ("Ada reads her statement", read_statement),
    ("The books hold", close_books),
)

"""The story's first half: from installing the app to a product on the storefront."""

from collections.abc import Callable

from demo import pictures
from demo.browser import Page, Unexpected
from demo.people import Vendor, wait_for, wait_for_mail
from demo.telling import Story

_ADA = {
    "contact_name": "Ada Larsen",
    "location": "Portland, Oregon",
    "tagline": "Stoneware thrown by hand",
    "what_they_sell": "Mugs and bowls in stoneware, thrown and glazed in my studio.",
}
_BEA = {
    "contact_name": "Bea Moreau",
    "location": "Astoria, Oregon",
    "tagline": "Slow bread",
    "what_they_sell": "Sourdough loaves that keep well in the post.",
}


def install(story: Story) -> str:
    story.merchant.install().must_say("Home")
    _set_approval(story, automatic=False)
    return "the app is installed and its home page opens with Shopify's session token"


def apply(story: Story) -> str:
    try:
        story.ada.apply(name=story.ada_name, **{**_ADA, "what_they_sell": ""})
    except Unexpected as refused:
        if "422" not in str(refused):
            raise
    else:
        raise Unexpected("an application without a word about the goods was taken")
    story.ada.apply(name=story.ada_name, **_ADA).must_say("Thank you")
    for subject in ("We have your application", "is being reviewed"):
        wait_for_mail(story.town, story.ada.email, subject)
    handle = wait_for("Ada in the list of vendors", lambda: _vendor_page(story, story.ada_name)).url
    return f"an empty answer was refused beside its field; then taken: welcome and waiting mails, {handle}"


def apply_twice(story: Story) -> str:
    other = Vendor(story.town, f"other-{story.ada.email}")
    try:
        other.apply(name=story.ada_name, **_ADA)
    except Unexpected as refused:
        if "422" not in str(refused):
            raise
        return "a second application under the same name was refused in words"
    raise Unexpected("the same name was taken twice")


def stay_hidden(story: Story) -> str:
    """A draft metaobject is nothing to a theme."""
    story.cleo.open("/pages/vendors").must_not_say(story.ada_name)
    return "the storefront's directory does not know Ada yet"


def approve(story: Story) -> str:
    _vendor_page(story, story.ada_name).submit(to="/approve")
    mail = wait_for_mail(story.town, story.ada.email, "You can start selling")
    wait_for("Ada in the directory", lambda: story.ada_name in story.cleo.open("/pages/vendors").text)
    story.notes["approval"] = mail["subject"]
    return f"approved by the merchant; mail {mail['subject']!r}; the directory shows Ada"


def enter(story: Story) -> str:
    page = story.ada.enter(wait_for_mail(story.town, story.ada.email, "You can start selling"))
    page.must_say(story.ada_name)
    return "Ada is in her portal by the single-use link of that mail"


def create_product(story: Story) -> str:
    variants = {"Sea": ("24.00", 40), "Clay": ("26.00", 25)}
    product = story.ada.create_product(story.mug_title, "A mug for the first coffee of the day.", variants, "Glaze")
    for glaze in ("sea", "clay"):
        story.ada.add_picture(product, f"mug-{glaze}.jpg", pictures.draw("mug", glaze))
    story.ada.send_for_review(product)
    story.notes["product"] = str(product)
    return "a product with two variants, stock and two pictures went up by staged upload and was sent for review"


def review(story: Story) -> str:
    wait_for("the mug in the review queue", lambda: story.mug_title in story.merchant.open("/app/review").text)
    story.cleo.open("/collections/all").must_not_say(story.mug_title)
    page = story.merchant.open("/app/review").follow(story.mug_title).must_say(story.ada_name, "Sea", "Clay")
    page.submit(to="/approve")
    wait_for_mail(story.town, story.ada.email, f"{story.mug_title} is on sale")
    return "the webhook put it into the review queue; the merchant approved it; Ada was told"


def see_on_storefront(story: Story) -> str:
    handle = wait_for("the mug on the storefront", lambda: story.cleo.list_goods().get(story.mug_title))
    page = story.cleo.open(f"/products/{handle}").must_say(story.mug_title, "Sold by", story.ada_name)
    page.follow(story.ada_name).must_say(story.mug_title, "Stoneware thrown by hand")
    story.notes["mug"] = handle
    return f"/products/{handle} shows Ada's card, and her vendor page shows the mug"


def approve_automatically(story: Story) -> str:
    """The same with both automatic approvals on: nobody at the merchant's does anything."""
    _set_approval(story, automatic=True)
    story.bea.apply(name=story.bea_name, **_BEA)
    story.bea.enter(wait_for_mail(story.town, story.bea.email, "You can start selling"))
    product = story.bea.create_product(story.loaf_title, "Two days in the making.", {"": ("9.50", 60)})
    story.bea.add_picture(product, "loaf.jpg", pictures.draw("loaf", "wheat"))
    story.bea.send_for_review(product)
    wait_for_mail(story.town, story.bea.email, f"{story.loaf_title} is on sale")
    story.notes["loaf"] = wait_for("the loaf on the storefront", lambda: story.cleo.list_goods().get(story.loaf_title))
    _set_approval(story, automatic=False)
    return "with automatic approval Bea and her bread were on the storefront without anybody's doing"


def _set_approval(story: Story, *, automatic: bool) -> None:
    ticked = "on" if automatic else None
    story.merchant.open("/app/settings").submit(
        to="/app/settings", auto_approve_vendors=ticked, auto_approve_products=ticked
    )


def _vendor_page(story: Story, name: str) -> Page:
    return story.merchant.open("/app/vendors").follow(name)


STEPS: tuple[tuple[str, Callable[[Story], str]], ...] = (
    ("Mona installs the app", install),
    ("Ada applies on the storefront", apply),
    ("Nobody can apply under Ada's name", apply_twice),
    ("Until she is approved, customers do not see her", stay_hidden),
    ("Mona approves Ada", approve),
    ("Ada enters her portal", enter),
    ("Ada creates a product", create_product),
    ("Mona reviews the product", review),
    ("Customers see it, with Ada's card", see_on_storefront),
    ("Automatic approval, for Bea", approve_automatically),
)

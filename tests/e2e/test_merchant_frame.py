"""The real app inside the admin: saving, being refused, getting lost."""

import re
from functools import partial
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import FrameLocator, Locator, Page, Response, expect

from demo.place import Place
from tests.architecture.polaris import lint_polaris
from tests.e2e.looks import DESKTOP, PHONE, examine


def visit(page: Page, path: str) -> FrameLocator:
    page.goto(page.url.partition("/apps/")[0] + "/apps/stallkeeper" + path)
    return page.frame_locator("#app-frame")


def answer_to(page: Page, button: Locator) -> int:
    """Press, and give the status of what the app answers to what was sent."""
    with page.expect_response(_is_of_a_form) as answered:
        button.click()
    return answered.value.status


def refused(page: Page, button: Locator) -> int:
    """As `answer_to`, once the page has looked at what somebody else saved."""
    inside = page.frame_locator("#app-frame").locator("form:has([name=seen])").first
    inside.evaluate("form => { form.refilled = new Promise(done => form.addEventListener('refilled', done)) }")
    status = answer_to(page, button)
    inside.evaluate("form => form.refilled.then(() => null)")
    return status


def _is_of_a_form(answer: Response) -> bool:
    path = urlsplit(answer.url).path
    return answer.request.method == "POST" and path.startswith("/app/") and not path.endswith("/preview")


def test_a_refused_form_keeps_what_was_typed_and_says_where_to_look(zenith: Page) -> None:
    inside = visit(zenith, "/app/settings")
    days = inside.get_by_label("Days to hold money")
    bar = zenith.get_by_role("region", name="Unsaved changes")
    days.fill("a while")
    bar.get_by_role("button", name="Save").click()
    expect(days).to_have_attribute("aria-invalid", "true")
    expect(days).to_have_value("a while")
    expect(days).to_be_focused()
    expect(bar).to_be_visible()
    days.fill("21")
    bar.get_by_role("button", name="Save").click()
    expect(zenith.get_by_text("Settings saved")).to_be_visible()
    expect(bar).to_be_hidden()
    zenith.reload()
    expect(inside.get_by_label("Days to hold money")).to_have_value("21")


def test_an_impatient_second_press_sends_nothing(zenith: Page) -> None:
    visit(zenith, "/app/commissions").get_by_role("link", name="Default commission").click()
    inside = zenith.frame_locator("#app-frame")
    expect(inside.get_by_role("heading", name="What it takes")).to_be_visible()
    sent: list[str] = []
    zenith.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    inside.get_by_role("button", name="Save").dblclick()
    expect(zenith.get_by_role("status").get_by_text("Nothing had changed")).to_be_visible()
    zenith.wait_for_load_state("networkidle")
    assert len([url for url in sent if "/app/commissions/1" in url]) == 1


def test_a_category_that_is_found_is_read_whole_within_its_column(zenith: Page) -> None:
    inside = visit(zenith, "/app/commissions/new")
    picker = inside.locator("[data-picker=TaxonomyCategory]")
    picker.get_by_role("searchbox").fill("mug")
    found = picker.locator("[data-category]").first
    expect(found).to_contain_text("Drinkware > Mugs")
    is_within = """picker => { const [outer, inner] = [picker, picker.querySelector("[data-category]")]
        .map((each) => each.getBoundingClientRect());
        return outer.left <= inner.left && inner.right <= outer.right + 1; }"""
    assert picker.evaluate(is_within)
    found.click()
    expect(picker.get_by_role("button", name="Remove Mugs")).to_be_visible()


def test_who_saves_after_somebody_else_is_told_and_what_they_typed_waits_to_be_saved(zenith: Page) -> None:
    second = zenith.context.new_page()
    second.goto(zenith.url)
    for window, words in ((zenith, "Zenith one"), (second, "Zenith two")):
        visit(window, "/app/settings").get_by_label("Sender's name").fill(words)
    saves = [window.get_by_role("region", name="Unsaved changes").get_by_role("button") for window in (zenith, second)]
    saves[0].get_by_text("Save").click()
    expect(zenith.get_by_text("Settings saved")).to_be_visible()
    assert refused(second, saves[1].get_by_text("Save")) == 409
    expect(second.get_by_text("You saved this in another window")).to_be_visible()
    name = second.frame_locator("#app-frame").get_by_label("Sender's name")
    expect(name).to_have_value("Zenith two")
    saves[1].get_by_text("Discard").click()
    expect(name).not_to_have_value("Zenith two")
    name.fill("Zenith three")
    assert refused(second, saves[1].get_by_text("Save")) == 409, "what stood there before the first save is there again"
    assert answer_to(second, saves[1].get_by_text("Save")) == 200
    expect(second.get_by_text("Settings saved")).to_be_visible()


def test_who_saves_again_after_somebody_else_writes_only_what_they_changed(zenith: Page) -> None:
    second = zenith.context.new_page()
    second.goto(zenith.url)
    first_form, form = (visit(window, "/app/settings") for window in (zenith, second))
    first_form.get_by_label("Days to hold money").fill("23")
    cancel = first_form.get_by_label("Vendors may cancel items themselves")
    could_cancel = cancel.is_checked()
    cancel.set_checked(not could_cancel)
    form.get_by_label("Sender's name").fill("Zenith's second")
    form.get_by_label("Days vendors see a customer's name and address").fill("never")
    saves = [window.get_by_role("button", name="Save") for window in (zenith, second)]
    assert answer_to(zenith, saves[0]) == 200
    assert refused(second, saves[1]) == 409
    expect(form.get_by_label("Days to hold money")).to_have_value("23")
    expect(form.get_by_label("Vendors may cancel items themselves")).to_be_checked(checked=not could_cancel)
    expect(form.get_by_label("Sender's name")).to_have_value("Zenith's second")
    assert answer_to(second, saves[1]) == 422, "a mistake among what was changed"
    days = form.get_by_label("Days vendors see a customer's name and address")
    expect(days).to_have_attribute("aria-invalid", "true")
    days.fill("44")
    assert answer_to(second, saves[1]) == 200
    inside = visit(zenith, "/app/settings")
    expect(inside.get_by_label("Sender's name")).to_have_value("Zenith's second")
    expect(inside.get_by_label("Days vendors see a customer's name and address")).to_have_value("44")
    expect(inside.get_by_label("Days to hold money")).to_have_value("23")
    expect(inside.get_by_label("Vendors may cancel items themselves")).to_be_checked(checked=not could_cancel)


def test_who_saves_again_keeps_the_box_that_somebody_else_ticked_beside_theirs(
    zenith: Page, marketplace: Place
) -> None:
    _open_locations(marketplace, "Studio", "Barn")
    second = zenith.context.new_page()
    second.goto(zenith.url)
    first_form, form = (visit(window, "/app/settings/locations") for window in (zenith, second))
    first_form.get_by_label("Studio").check()
    form.get_by_label("Barn").check()
    saves = [window.get_by_role("button", name="Save") for window in (zenith, second)]
    assert answer_to(zenith, saves[0]) == 200
    assert refused(second, saves[1]) == 409
    expect(form.get_by_label("Studio")).to_be_checked()
    assert answer_to(second, saves[1]) == 200
    inside = visit(zenith, "/app/settings/locations")
    expect(inside.get_by_label("Studio")).to_be_checked()
    expect(inside.get_by_label("Barn")).to_be_checked()


def test_who_does_not_see_what_somebody_else_could_tick_saves_nothing_before_a_reload(
    zenith: Page, marketplace: Place
) -> None:
    _open_locations(marketplace, "Attic")
    second = zenith.context.new_page()
    second.goto(zenith.url)
    form = visit(second, "/app/settings/locations")
    form.get_by_label("Attic").check()
    _open_locations(marketplace, "Cellar")
    first_form = visit(zenith, "/app/settings/locations")
    first_form.get_by_label("Cellar").check()
    saves = [window.get_by_role("button", name="Save") for window in (zenith, second)]
    assert answer_to(zenith, saves[0]) == 200
    for _ in range(2):
        assert answer_to(second, saves[1]) == 409
        expect(second.get_by_text("Reload the page, then make your changes again.").last).to_be_visible()
    inside = visit(zenith, "/app/settings/locations")
    expect(inside.get_by_label("Cellar")).to_be_checked()
    expect(inside.get_by_label("Attic")).not_to_be_checked()


def test_categories_are_searched_in_a_new_rule_that_somebody_else_changed_meanwhile(zenith: Page) -> None:
    inside = visit(zenith, "/app/commissions/new")
    for label, typed in (("Name", "Summer"), ("Commission", "5"), ("Tags", "summer")):
        inside.get_by_label(label, exact=True).fill(typed)
    save = zenith.get_by_role("button", name="Save")
    assert answer_to(zenith, save) == 200
    zenith.frames[1].wait_for_url(re.compile(r"/app/commissions/\d+"))
    second = zenith.context.new_page()
    second.goto(zenith.url)
    visit(second, urlsplit(zenith.frames[1].url).path).get_by_label("Name", exact=True).fill("Autumn")
    assert answer_to(second, second.get_by_role("button", name="Save")) == 200
    inside.get_by_label("Commission", exact=True).fill("7")
    assert refused(zenith, save) == 409
    expect(inside.get_by_label("Name", exact=True)).to_have_value("Autumn")
    with zenith.expect_response(lambda answer: "/app/commissions/categories" in answer.url):
        inside.get_by_label("Search Shopify's categories").press_sequentially("bowl")


def _open_locations(marketplace: Place, *names: str) -> None:
    for name in names:
        sent = {"shop": "zenith.myshopify.com", "name": name}
        assert httpx.post(f"{marketplace.url('devstore')}/_control/locations", json=sent).is_success


def test_a_rule_for_approval_that_was_refused_once_is_saved_by_the_next_press(zenith: Page) -> None:
    inside = visit(zenith, "/app/review/rules/new")
    inside.get_by_label("Name").fill("Small things")
    assert answer_to(zenith, inside.get_by_role("button", name="Save")) == 200
    place = inside.get_by_role("link", name="Small things").get_attribute("href")
    assert place
    second = zenith.context.new_page()
    second.goto(zenith.url)
    rules = [visit(window, place) for window in (zenith, second)]
    for rule, name in zip(rules, ("Small one", "Small two"), strict=True):
        rule.get_by_label("Name").fill(name)
    saves = [rule.get_by_role("button", name="Save") for rule in rules]
    assert answer_to(zenith, saves[0]) == 200
    assert refused(second, saves[1]) == 409
    expect(rules[1].get_by_label("Name")).to_have_value("Small two")
    assert answer_to(second, saves[1]) == 200
    expect(rules[1].get_by_role("link", name="Small two")).to_be_visible()


def test_earlier_words_of_an_email_that_were_refused_once_are_used_by_the_next_press(zenith: Page) -> None:
    page = "/app/emails/words/vendor_rejected"
    save = zenith.get_by_role("region", name="Unsaved changes").get_by_role("button", name="Save")
    for words in ("Not now", "Not yet"):
        visit(zenith, page).get_by_label("Heading").fill(words)
        assert answer_to(zenith, save) == 200
    second = zenith.context.new_page()
    second.goto(zenith.url)
    inside = visit(second, page)
    inside.get_by_role("link", name="Put into the form").click()
    use = inside.get_by_role("button", name="Use these words")
    expect(use).to_be_visible()
    visit(zenith, page).get_by_label("Heading").fill("Not this time")
    assert answer_to(zenith, save) == 200
    assert refused(second, use) == 409
    assert answer_to(second, use) == 200
    expect(inside.get_by_label("Heading")).to_have_value("Not now")


def test_rules_are_put_into_order_by_keyboard_and_focus_stays_with_the_rule(zenith: Page) -> None:
    save = zenith.get_by_role("region", name="Unsaved changes").get_by_role("button", name="Save")
    for name in ("First", "Second"):
        inside = visit(zenith, "/app/commissions/new")
        for label, typed in (("Name", name), ("Commission", "5"), ("Tags", name)):
            inside.get_by_label(label, exact=True).fill(typed)
        save.click()
        expect(zenith.get_by_text("Saved. It counts for orders from now on.")).to_be_visible()
    inside = visit(zenith, "/app/commissions")
    rules = inside.locator("[data-number]")
    up = inside.get_by_role("button", name="Move Second up")
    expect(up).to_be_visible()
    for place in range(rules.count() - 1, 0, -1):
        up.press("Enter")
        expect(inside.get_by_text(f"Second: {place} of {rules.count()}. Not saved yet.")).to_be_visible()
    expect(inside.get_by_role("button", name="Move Second down")).to_be_focused()
    save.click()
    expect(zenith.get_by_text("The order is saved.")).to_be_visible()
    zenith.reload()
    expect(rules.first).to_contain_text("Second")


def test_an_address_that_is_not_there_says_so_inside_the_admin(zenith: Page) -> None:
    inside = visit(zenith, "/app/nowhere/at/all")
    expect(inside.get_by_role("heading", name="Not found")).to_be_visible()
    inside.get_by_role("link", name="Go to Home").click()
    expect(inside.get_by_role("heading", name="Home")).to_be_visible()


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_every_place_of_the_apps_navigation_is_polaris_accessible_and_fits(
    zenith: Page, screen: dict[str, int]
) -> None:
    """What the server sent obeys the manifest; what the browser made of it passes axe and does not scroll sideways."""
    zenith.set_viewport_size({"width": screen["width"], "height": screen["height"]})
    links = zenith.frame_locator("#app-frame").locator("s-app-nav > *").all()
    places = [str(link.get_attribute("href")) for link in links]
    assert len(places) > 8
    faults: dict[str, list[str]] = {}
    for place in places:
        with zenith.expect_response(partial(_is_document, place)) as answered:
            visit(zenith, place).locator("s-page").wait_for()
        framed = zenith.frames[1]
        framed.wait_for_load_state()
        assert answered.value.status == 200, place
        faults[place] = [*lint_polaris(answered.value.text()), *examine(framed)]
    assert {place: found for place, found in faults.items() if found} == {}


def _is_document(place: str, answer: Response) -> bool:
    return answer.request.is_navigation_request() and urlsplit(answer.url).path == place and answer.status != 302

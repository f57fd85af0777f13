import io
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, text

from app import clock, db
from app.emails.service import hide_secrets
from app.models.emails import Email
from app.models.events import AuditEntry
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorPicture
from app.payouts.settings import offer_rails
from app.vendors import pictures
from app.vendors.payout_details import check_iban, find_payout_details, held_until
from app.vendors.pictures import redraw

IBAN = "DE89 3704 0044 0532 0130 00"
PROFILE = {"name": "Ada's Ceramics", "tagline": "Thrown by hand", "about": "Clay.", "locale": "de-DE"}


def reload(vendor: Vendor) -> Vendor:
    with db.scoped(vendor.shop_id) as session:
        return session.get_one(Vendor, vendor.id)


def draw(mode: str = "RGB", size: tuple[int, int] = (2000, 1000), form: str = "JPEG") -> io.BytesIO:
    file = io.BytesIO()
    Image.new(mode, size, "teal").save(file, form)
    file.seek(0)
    return file


def test_a_changed_profile_is_saved_and_on_its_way_to_the_shop(adas_browser: FlaskClient, ada: Vendor) -> None:
    with db.scoped(ada.shop_id) as session:
        session.get_one(Vendor, ada.id).profile_synced_at = clock.now()
    answer = adas_browser.post("/portal/profile", data=PROFILE, follow_redirects=True)
    assert "Saved. Your page in the shop follows" in answer.text
    assert "being updated" in answer.text
    saved = reload(ada)
    assert (saved.tagline, saved.about, saved.locale) == ("Thrown by hand", "Clay.", "de-DE")
    assert saved.profile_synced_at is None
    with db.scoped(ada.shop_id) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "vendor.edit_profile")).one()
    assert entry.changes["tagline"] == ["", "Thrown by hand"]


def test_private_changes_do_not_touch_the_public_page(adas_browser: FlaskClient, ada: Vendor) -> None:
    adas_browser.post("/portal/profile", data=PROFILE)
    with db.scoped(ada.shop_id) as session:
        session.get_one(Vendor, ada.id).profile_synced_at = clock.now()
    adas_browser.post("/portal/profile", data={**PROFILE, "phone": "+49 30 1234"})
    saved = reload(ada)
    assert saved.phone == "+49 30 1234"
    assert saved.profile_synced_at is not None


def test_another_vendors_name_is_refused_beside_the_field(adas_browser: FlaskClient, ada: Vendor, bea: Vendor) -> None:
    answer = adas_browser.post("/portal/profile", data={**PROFILE, "name": "BEAS BAKERY Ltd", "about": "Kept words"})
    assert answer.status_code == 422
    assert "Choose another name" in answer.text
    assert "Kept words" in answer.text
    assert reload(ada).name == "Ada's Ceramics"
    assert reload(ada).about == ""


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", " ", "Customers need a name"),
        ("name", "💥", "Use letters or digits"),
        ("tagline", "x" * 161, "Up to 160 characters"),
        ("website", "javascript:alert(1)", "Enter a web address"),
        ("website", "not an address", "Enter a web address"),
        ("locale", "xx-XX", "Not a valid choice"),
    ],
)
def test_bad_input_is_explained_and_nothing_is_saved(
    adas_browser: FlaskClient, ada: Vendor, field: str, value: str, words: str
) -> None:
    answer = adas_browser.post("/portal/profile", data={**PROFILE, "about": "Kept words", field: value})
    assert answer.status_code == 422
    assert words in answer.text
    assert "Kept words" in answer.text
    assert reload(ada).about == ""


def test_what_a_vendor_writes_cannot_become_markup(adas_browser: FlaskClient, ada: Vendor) -> None:
    adas_browser.post("/portal/profile", data={**PROFILE, "name": "<script>alert(1)</script>"})
    page = adas_browser.get("/portal").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("typed", "stored"),
    [(IBAN, "DE89370400440532013000"), ("nl91abna0417164300", "NL91ABNA0417164300")],
)
def test_an_iban_is_taken_as_people_write_it(typed: str, stored: str) -> None:
    assert check_iban(typed) == stored


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("DE88370400440532013000", "typing mistake"),
        ("ZZ89370400440532013000", "typing mistake"),
        ("4111 1111 1111 1111", "typing mistake"),
        ("", "not a complete IBAN"),
        ("DE89", "not a complete IBAN"),
    ],
)
def test_an_iban_that_is_none_is_explained(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_iban(typed)


def test_payout_details_are_encrypted_and_never_shown_again(adas_browser: FlaskClient, ada: Vendor) -> None:
    answer = adas_browser.post(
        "/portal/payout-details", data={"holder": "Ada Lovelace", "iban": IBAN}, follow_redirects=True
    )
    assert "•••• 3000" in answer.text
    assert "Payouts wait until" in answer.text
    assert "370400" not in answer.text
    assert "Lovelace" not in answer.text
    with db.system() as session:
        row = session.execute(
            text("SELECT payout_account, payout_holder FROM vendors WHERE id = :id"), {"id": ada.id}
        ).one()
    assert b"3704" not in row.payout_account
    assert b"Ada" not in row.payout_holder
    details = find_payout_details(reload(ada))
    assert details is not None
    assert (details.account, details.holder) == ("DE89370400440532013000", "Ada Lovelace")
    assert "DE89" not in repr(details)


def test_a_change_of_payout_details_tells_the_vendor_and_holds_payouts(adas_browser: FlaskClient, ada: Vendor) -> None:
    adas_browser.post("/portal/payout-details", data={"holder": "Ada Lovelace", "iban": IBAN})
    until = held_until(reload(ada))
    assert until is not None
    assert timedelta(hours=71) < until - clock.now() <= timedelta(hours=72)
    with db.scoped(ada.shop_id) as session:
        (email,) = session.scalars(select(Email).where(Email.kind == "vendor_payout_details_changed")).all()
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "vendor.change_payout_details")).all()
        session.get_one(Vendor, ada.id).payout_changed_at = clock.now() - timedelta(hours=73)
    assert email.to_address == ada.email
    assert "DE89" not in email.text_body
    assert entry.changes == {"payout_last4": [None, "3000"]}
    assert held_until(reload(ada)) is None


def test_the_same_payout_details_again_hold_nothing(adas_browser: FlaskClient, ada: Vendor) -> None:
    adas_browser.post("/portal/payout-details", data={"holder": "Ada Lovelace", "iban": IBAN})
    with db.scoped(ada.shop_id) as session:
        session.get_one(Vendor, ada.id).payout_changed_at = clock.now() - timedelta(hours=73)
    answer = adas_browser.post(
        "/portal/payout-details", data={"holder": "Ada Lovelace", "iban": IBAN.lower()}, follow_redirects=True
    )
    assert "Nothing was changed" in answer.text
    assert held_until(reload(ada)) is None


def test_the_link_that_confirms_an_account_stands_in_no_log_and_is_not_shown_to_the_shop(
    adas_browser: FlaskClient, ada: Vendor, capfd: pytest.CaptureFixture[str]
) -> None:
    for iban in (IBAN, "GB29 NWBK 6016 1331 9268 19"):
        adas_browser.post("/portal/payout-details", data={"holder": "Ada Lovelace", "iban": iban})
    with db.scoped(ada.shop_id) as session:
        (email,) = session.scalars(select(Email).where(Email.kind == "vendor_payout_details_confirm")).all()
    (token,) = set(re.findall(r"/portal/payout-details/confirm/([\w-]+)", email.text_body))
    assert "Confirm the change" in adas_browser.get(f"/portal/payout-details/confirm/{token}").text
    said = capfd.readouterr()
    assert "/portal/payout-details/confirm/" in said.out + said.err
    assert token not in said.out + said.err
    assert token not in hide_secrets(email.html)


def test_a_holder_whom_no_bank_file_can_name_is_asked_for_latin_letters(adas_browser: FlaskClient, ada: Vendor) -> None:
    refused = adas_browser.post("/portal/payout-details", data={"holder": "김민수", "iban": IBAN})
    assert (refused.status_code, "Latin letters only" in refused.text) == (422, True)
    assert find_payout_details(reload(ada)) is None
    kept = adas_browser.post("/portal/payout-details", data={"holder": "Kim Min-su", "iban": IBAN})
    assert kept.status_code == 303


def test_a_wrong_iban_keeps_the_old_account(adas_browser: FlaskClient, ada: Vendor) -> None:
    adas_browser.post("/portal/payout-details", data={"holder": "Ada Lovelace", "iban": IBAN})
    answer = adas_browser.post("/portal/payout-details", data={"holder": "Eve", "iban": IBAN[:-1] + "1"})
    assert answer.status_code == 422
    assert "typing mistake" in answer.text
    details = find_payout_details(reload(ada))
    assert details is not None
    assert details.holder == "Ada Lovelace"


def test_a_picture_is_made_to_fit_and_loses_what_the_camera_wrote(adas_browser: FlaskClient, ada: Vendor) -> None:
    photo, file = Image.new("RGB", (3000, 1500), "teal"), io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    photo.save(file, "JPEG", exif=exif)
    file.seek(0)
    answer = adas_browser.post(
        "/portal/profile/picture", data={"picture": (file, "me.jpg")}, content_type="multipart/form-data"
    )
    assert answer.status_code == 303
    shown = adas_browser.get("/portal/profile/picture")
    assert shown.content_type == "image/jpeg"
    assert b"Secret Camera" not in shown.data
    assert Image.open(io.BytesIO(shown.data)).size == (1024, 512)
    again = adas_browser.get("/portal/profile/picture", headers={"If-None-Match": shown.headers["ETag"]})
    assert again.status_code == 304


def test_a_clear_logo_stays_clear(adas_browser: FlaskClient, ada: Vendor) -> None:
    adas_browser.post("/portal/profile/picture", data={"picture": (draw("RGBA", (40, 40), "PNG"), "logo.png")})
    assert adas_browser.get("/portal/profile/picture").content_type == "image/png"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"GIF89a not a picture", "no picture that we can read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that we can read"),
        (b"\xff\xd8\xff\xe0 torn", "no picture that we can read"),
        (b"", "no picture that we can read"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\x05IHDR\0\0\0\x01\0\0\0\0\0", "no picture that we can read"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_in_words(
    adas_browser: FlaskClient, ada: Vendor, content: bytes, words: str
) -> None:
    answer = adas_browser.post("/portal/profile/picture", data={"picture": (io.BytesIO(content), "x.jpg")})
    assert answer.status_code == 422
    assert words in answer.text
    with db.scoped(ada.shop_id) as session:
        assert session.get(VendorPicture, (ada.id, "logo")) is None


def test_a_file_that_is_too_large_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="larger than 10 MB"):
        redraw(io.BytesIO(b"\0" * (10 * 1024 * 1024 + 1)))
    for form, size in (("JPEG", (10_000, 5_001)), ("PNG", (6000, 5001)), ("WEBP", (4000, 4001))):
        with pytest.raises(ValueError, match=f"A {form} may have .* million pixels"):
            redraw(draw(size=size, form=form))


def test_two_pictures_in_one_as_cameras_make_them_are_a_jpeg() -> None:
    file, picture = io.BytesIO(), Image.new("RGB", (60, 40), "teal")
    picture.save(file, "MPO", save_all=True, append_images=[picture])
    assert redraw(io.BytesIO(file.getvalue()))[1] == "image/jpeg"


def test_pictures_are_unpacked_one_at_a_time(adas_browser: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred small files that unpack to half a gigabyte each must not fill the machine."""
    monkeypatch.setattr(pictures, "_PATIENCE_SECONDS", 0.01)
    with pictures._drawing:
        answer = adas_browser.post("/portal/profile/picture", data={"picture": (draw(), "me.png")})
    assert answer.status_code == 422
    assert "Try again in a moment" in answer.text
    assert adas_browser.post("/portal/profile/picture", data={"picture": (draw(), "me.png")}).status_code == 303


def test_no_picture_chosen_is_said(adas_browser: FlaskClient) -> None:
    assert "Choose a picture first" in adas_browser.post("/portal/profile/picture").text


def test_one_vendors_picture_is_not_anothers(adas_browser: FlaskClient, ada: Vendor, bea: Vendor) -> None:
    adas_browser.post("/portal/profile/picture", data={"picture": (draw(), "me.jpg")})
    with db.scoped(bea.shop_id, bea.id) as session:
        assert session.get(VendorPicture, (ada.id, "logo")) is None


def test_a_change_of_payout_details_waits_for_the_link_in_the_mail(adas_browser: FlaskClient, ada: Vendor) -> None:
    adas_browser.post("/portal/payout-details", data={"holder": "Ada Lovelace", "iban": IBAN})
    other = {"holder": "Ada Lovelace", "iban": "FR14 2004 1010 0505 0001 3M02 606"}
    answer = adas_browser.post("/portal/payout-details", data=other, follow_redirects=True)
    assert "Nothing changes before you confirm it" in answer.text
    before = find_payout_details(reload(ada))
    assert before is not None
    assert before.account.startswith("DE89")
    with db.scoped(ada.shop_id) as session:
        mail = session.scalars(select(Email).where(Email.kind == "vendor_payout_details_confirm")).one()
    [link] = re.findall(r"/portal/payout-details/confirm/[\w-]+", mail.text_body)
    assert "Confirm the change" in adas_browser.get(link).text
    assert adas_browser.post("/portal/payout-details/confirm/guessed").status_code == 409
    assert "Saved" in adas_browser.post(link, follow_redirects=True).text
    after = find_payout_details(reload(ada))
    assert after is not None
    assert after.account.startswith("FR14")
    assert adas_browser.post(link).status_code == 409, "a link works once"


def test_a_change_of_payout_details_that_is_dropped_stays_in_the_log(adas_browser: FlaskClient, ada: Vendor) -> None:
    adas_browser.post("/portal/payout-details", data={"holder": "Ada Lovelace", "iban": IBAN})
    other = {"holder": "A Thief", "iban": "FR14 2004 1010 0505 0001 3M02 606"}
    adas_browser.post("/portal/payout-details", data=other)
    for _ in range(2):
        adas_browser.post("/portal/payout-details/forget")
    held = reload(ada)
    assert held.payout_waiting is None
    with db.scoped(ada.shop_id) as session:
        deeds = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert deeds[-2:] == ["vendor.ask_payout_details", "vendor.drop_payout_details"]


def test_a_vendor_chooses_among_the_ways_that_the_shop_pays(adas_browser: FlaskClient, acme: Shop, ada: Vendor) -> None:
    data = {"rail": "paypal", "holder": "Ada", "paypal": "Ada.Pay@example.com"}
    assert adas_browser.post("/portal/payout-details", data=data).status_code == 422, "the shop does not pay by PayPal"
    with db.scoped(acme.id) as session:
        offer_rails(session, acme, {"bank", "paypal"}, actor="test")
    wrong = adas_browser.post("/portal/payout-details", data=data | {"paypal": "ada"})
    assert wrong.status_code == 422
    assert "This is no e-mail address" in wrong.text
    shown = adas_browser.post("/portal/payout-details", data=data, follow_redirects=True).text
    assert "a…\N{WORD JOINER}@example.com" in shown.lower()
    assert "ada.pay" not in shown.lower()
    details = find_payout_details(reload(ada))
    assert details is not None
    assert (details.rail, details.account) == ("paypal", "ada.pay@example.com")


def test_a_removed_picture_is_shown_nowhere_and_its_vendor_is_told_so(adas_browser: FlaskClient, ada: Vendor) -> None:
    adas_browser.post("/portal/profile/cover", data={"picture": (draw(), "stall.jpg")})
    assert "/portal/profile/cover/remove" in adas_browser.get("/portal/profile").text
    answer = adas_browser.post("/portal/profile/cover/remove", follow_redirects=True)
    assert "Your picture is removed" in answer.text
    assert "/portal/profile/cover/remove" not in answer.text
    assert adas_browser.get("/portal/profile/cover").status_code == 404
    again = adas_browser.post("/portal/profile/cover/remove", follow_redirects=True)
    assert "Your picture is removed" not in again.text
    with db.scoped(ada.shop_id) as session:
        deeds = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("vendor.%cover"))).all()
    assert deeds == ["vendor.change_cover", "vendor.remove_cover"]


def test_a_picture_that_only_the_shop_has_can_be_removed_too(adas_browser: FlaskClient, ada: Vendor) -> None:
    with db.scoped(ada.shop_id) as session:
        session.get_one(Vendor, ada.id).logo_url = "https://cdn.shopify.com/old.png"
    assert "https://cdn.shopify.com/old.png" in adas_browser.get("/portal/profile").text
    adas_browser.post("/portal/profile/picture/remove")
    assert "https://cdn.shopify.com/old.png" not in adas_browser.get("/portal/profile").text

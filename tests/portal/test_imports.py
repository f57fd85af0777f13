"""The pages for product files, as a vendor's browser sees them."""

import io

import pytest
from flask.testing import FlaskClient

from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products.imports import work
from tests.portal.conftest import signed_in

FILE = "Product,Price,Stock,Shelf\nMug,18,5,A\nPlate,free,1,B\n<b>Bowl</b>,1,1,C\n"


def upload(browser: FlaskClient, text: str) -> str:
    """Send a file; the page it leads to."""
    file = (io.BytesIO(text.encode()), "spring.csv")
    answer = browser.post("/portal/products/import", data={"file": file}, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_a_file_is_checked_started_followed_and_undone(acme: Shop, ada: Vendor, adas_browser: FlaskClient) -> None:
    path = upload(adas_browser, FILE)
    page = adas_browser.get(path).text
    assert "2 new as drafts, 0 changed" in page
    assert "Line 3, Price" in page
    assert "Not read: Shelf." in page
    assert "<b>Bowl" not in page
    mend = adas_browser.get(f"{path}/errors.csv").text
    assert mend.splitlines()[1].startswith('Plate,free,1,B,"Price: ')
    adas_browser.post(f"{path}/start")
    assert "You can close this page" in adas_browser.get(path).text
    work.carry_on(acme.id, int(path.rpartition("/")[2]))
    assert "Done: 2. With errors: 1." in adas_browser.get(path).text
    assert "Mug" in adas_browser.get("/portal/products").text
    assert "spring.csv" in adas_browser.get("/portal/products/import").text
    adas_browser.post(f"{path}/undo")
    work.carry_on(acme.id, int(path.rpartition("/")[2]))
    assert "2 taken back" in adas_browser.get(path).text
    assert adas_browser.post(f"{path}/start").status_code == 409


def test_nobody_fills_the_disk_with_files(adas_browser: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.products.imports.portal._MOST_FILES", 1)
    upload(adas_browser, FILE)
    file = (io.BytesIO(FILE.encode()), "spring.csv")
    assert adas_browser.post("/portal/products/import", data={"file": file}).status_code == 429


def test_a_file_that_cannot_be_read_says_why_beside_the_field(adas_browser: FlaskClient) -> None:
    for content, words in (
        (b"PK\x03\x04", "Excel workbook"),
        (b"Price\n1\n", "must be called"),
        (b"", "Choose a file"),
    ):
        file = (io.BytesIO(content), "a.csv")
        answer = adas_browser.post("/portal/products/import", data={"file": file}, content_type="multipart/form-data")
        assert answer.status_code == 422
        assert words in answer.text


def test_the_example_can_be_sent_as_it_is(adas_browser: FlaskClient) -> None:
    path = upload(adas_browser, adas_browser.get("/portal/products/import/template.csv").text)
    assert "1 new as drafts, 0 changed, 0 already as in the file, 0 with errors" in adas_browser.get(path).text


def test_another_vendor_does_not_find_the_file(adas_browser: FlaskClient, bea: Vendor) -> None:
    path = upload(adas_browser, FILE)
    other = signed_in(adas_browser.application, bea)
    assert other.get(path).status_code == other.get(f"{path}/errors.csv").status_code == 404
    assert other.post(f"{path}/start").status_code == 404
    assert "spring.csv" not in other.get("/portal/products/import").text


def test_dropping_a_file_forgets_it(adas_browser: FlaskClient) -> None:
    path = upload(adas_browser, FILE)
    adas_browser.post(f"{path}/discard")
    assert adas_browser.get(path).status_code == 404

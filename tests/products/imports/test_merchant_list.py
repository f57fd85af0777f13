"""The merchant finds a vendor's file among many, and takes the list along."""

from flask.testing import FlaskClient

from app.models.shops import Shop
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor
from tests.products.imports.test_work import FILE, do, send


def test_files_are_searched_filtered_and_exported(merchant: FlaskClient, shop: Shop) -> None:
    assert "No files yet" in merchant.get("/app/products/imports").text
    ada, bea = make_vendor(shop, "Ada", "ada@example.com"), make_vendor(shop, "Bea", "bea@example.com")
    do(shop, ada, send(shop, ada, FILE), "start")
    send(shop, bea, FILE)
    found = {
        query: [
            f"<s-table-cell>{name}<" in merchant.get(f"/app/products/imports?{query}").text for name in ("Ada", "Bea")
        ]
        for query in ("", "q=ada", "status=planned", f"vendor={bea.id}", "q=nothing")
    }
    assert found == {
        "": [True, True],
        "q=ada": [True, False],
        "status=planned": [False, True],
        f"vendor={bea.id}": [False, True],
        "q=nothing": [False, False],
    }
    none = merchant.get("/app/products/imports?q=nothing").text
    assert ("No file matches" in none, lint_polaris(none)) == (True, [])
    sheet = merchant.get("/app/products/imports/export.csv?status=done").text
    assert sheet.splitlines()[1].startswith("products.csv,done,Ada,2,0,1,")
    assert "Bea" not in sheet

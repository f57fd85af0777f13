"""A product file from sending to undoing, killed and carried on, and never another vendor's products."""

import csv
import io
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from app import clock, db
from app.errors import Conflict, NotFound, ValidationErrors
from app.models.products import (
    ImportRowStatus,
    ImportStatus,
    Product,
    ProductImage,
    ProductImport,
    ProductImportRow,
    ProductProposal,
    ProductStatus,
    ProposalStatus,
    Variant,
)
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor, VendorStatus
from app.products import exports, fetching, pictures, proposal_sync, proposals, rules, service, sweeps
from app.products.imports import matching, queries, retention, work
from app.products.imports import service as imports
from tests.apps import get_app

FILE = (
    "Product,Option 1 name,Option 1 value,SKU,Price,Stock,Description\n"
    "Mug,Size,Small,M-S,18.00,5,Thrown by hand.\nMug,,Large,M-L,24.50,3,\n"
    "Bowl,,,B,30.00,2,\nPlate,,,,free,1,\n"
)


def send(shop: Shop, vendor: Vendor, text: str) -> int:
    """A planned file; its id."""
    with db.scoped(shop.id, vendor.id) as session:
        file = imports.File("products.csv", text.encode(), shop.currency)
        known = matching.known_categories(session, shop.id, file.categories)
        return imports.plan_import(session, shop, vendor, file, known, actor="vendor_user:1").id


def do(shop: Shop, vendor: Vendor, import_id: int, *verbs: str) -> None:
    for verb in verbs:
        with db.scoped(shop.id, vendor.id) as session:
            made = imports.lock_import(session, shop.id, vendor.id, import_id)
            getattr(imports, verb)(session, made, actor="vendor_user:1")
        if verb in {"start", "undo"}:
            work.carry_on(shop.id, import_id)


def rows(shop: Shop, import_id: int) -> list[tuple[str, str, str]]:
    with db.scoped(shop.id) as session:
        query = select(ProductImportRow).where(ProductImportRow.import_id == import_id)
        found = session.scalars(query.order_by(ProductImportRow.position)).all()
        return [(row.title, row.action, row.status.value) for row in found]


def products(shop: Shop) -> dict[str, tuple[str, list[tuple[list[str], int, int]]]]:
    with db.scoped(shop.id) as session:
        return {
            p.title: (
                p.status.value,
                [(v.option_values, v.price_minor, v.stock) for v in service.list_variants(session, p)],
            )
            for p in session.scalars(select(Product)).all()
        }


def on_sale(shop: Shop, vendor: Vendor, title: str, price: int = 1000) -> int:
    with db.scoped(shop.id) as session:
        product = service.create_draft(session, shop, vendor, title, actor="vendor_user:1")
        product.status, product.description_html = ProductStatus.PUBLISHED, "<p>Fine.</p>"
        [variant] = service.list_variants(session, product)
        variant.price_minor, variant.stock = price, 4
        variant.inventory_item_gid = f"gid://shopify/InventoryItem/{product.id}"
        return product.id


def export(session: Session, shop: Shop, vendor: Vendor) -> str:
    return "".join(exports.write_csv(session, shop.id, vendor.id))


def test_a_file_says_what_it_would_do_and_changes_nothing(acme: Shop, ada: Vendor) -> None:
    import_id = send(acme, ada, FILE)
    assert rows(acme, import_id) == [
        ("Mug", "create", "waiting"),
        ("Bowl", "create", "waiting"),
        ("Plate", "bad", "skipped"),
    ]
    assert products(acme) == {}


def test_a_started_file_makes_drafts_and_its_bad_lines_come_back_with_the_reason(acme: Shop, ada: Vendor) -> None:
    import_id = send(acme, ada, FILE)
    do(acme, ada, import_id, "start")
    small, large = (["Small"], 1800, 5), (["Large"], 2450, 3)
    assert products(acme) == {
        "Mug": ("draft", [small, large]),
        "Bowl": ("draft", [([rules.DEFAULT_VALUE], 3000, 2)]),
    }
    with db.scoped(acme.id, ada.id) as session:
        summary = queries.get_import(session, acme.id, import_id, vendor_id=ada.id)
        assert (summary.made.status, summary.statuses["done"], summary.wrong) == (ImportStatus.DONE, 2, 1)
        [bad] = csv.DictReader(io.StringIO("".join(queries.write_bad_lines(session, summary.made))))
    assert (bad["Product"], bad["Error"]) == ("Plate", "Price: Enter an amount in digits, such as 12.50.")


def test_an_export_sent_back_changes_nothing_and_a_changed_cell_only_that(acme: Shop, ada: Vendor) -> None:
    do(acme, ada, send(acme, ada, FILE), "start")
    with db.scoped(acme.id) as session:
        for product in session.scalars(select(Product)).all():
            product.category_gid, product.category_name = "gid://shopify/TaxonomyCategory/x", "Home > Mugs"
            product.seo_title = "=1+1"
            product.description_html = "<p>Two\nlines</p><ul><li>&amp; “more”</li></ul>"
        text = export(session, acme, ada)
    import_id = send(acme, ada, text)
    assert [action for _, action, _ in rows(acme, import_id)] == ["same", "same"]
    with pytest.raises(Conflict, match="would change anything"):
        do(acme, ada, import_id, "start")
    import_id = send(acme, ada, text.replace("24.50", "25.00"))
    assert [action for _, action, _ in rows(acme, import_id)] == ["change", "same"]
    do(acme, ada, import_id, "start")
    assert products(acme)["Mug"][1] == [(["Small"], 1800, 5), (["Large"], 2500, 3)]


def test_a_killed_job_is_found_again_and_does_nothing_twice(acme: Shop, ada: Vendor) -> None:
    import_id = send(acme, ada, "Product,Price\n" + "".join(f"Mug {n},{n}\n" for n in range(1, 7)))
    with db.scoped(acme.id, ada.id) as session:
        imports.start(session, imports.lock_import(session, acme.id, ada.id, import_id), actor="vendor_user:1")
    for _ in range(3):
        work.carry_on(acme.id, import_id, seconds=0)
        work._work_on_next(acme.id, ada.id, import_id, tell=False)
    assert len(products(acme)) == 3
    assert sweeps.sweep() == 0
    with db.scoped(acme.id) as session:
        session.execute(update(ProductImport).values(touched_at=clock.now() - 2 * sweeps._PATIENCE))
    assert sweeps.sweep() == 1
    work.carry_on(acme.id, import_id)
    work.carry_on(acme.id, import_id)
    assert len(products(acme)) == 6
    assert {status for _, _, status in rows(acme, import_id)} == {"done"}


def test_a_file_stops_when_its_vendor_is_suspended(acme: Shop, ada: Vendor) -> None:
    import_id = send(acme, ada, FILE)
    with db.scoped(acme.id, ada.id) as session:
        imports.start(session, imports.lock_import(session, acme.id, ada.id, import_id), actor="vendor_user:1")
    work._work_on_next(acme.id, ada.id, import_id, tell=False)
    with db.scoped(acme.id) as session:
        session.get_one(Vendor, ada.id).status = VendorStatus.SUSPENDED
    work.carry_on(acme.id, import_id)
    assert list(products(acme)) == ["Mug"]
    with db.scoped(acme.id) as session:
        assert session.get_one(ProductImport, import_id).status == ImportStatus.CANCELLED


def test_a_file_that_nobody_used_for_three_months_is_forgotten(acme: Shop, ada: Vendor) -> None:
    old, new = send(acme, ada, FILE), send(acme, ada, FILE)
    with db.scoped(acme.id) as session:
        long_ago = clock.now() - 2 * retention.KEPT
        session.execute(update(ProductImport).where(ProductImport.id == old).values(created_at=long_ago))
    assert retention.remove_old() == 1
    assert rows(acme, old) == []
    assert rows(acme, new)


def test_one_that_cannot_be_done_stops_no_other(acme: Shop, ada: Vendor) -> None:
    do(acme, ada, send(acme, ada, FILE), "start")
    import_id = send(acme, ada, "Product,Price\nMug 2,1\nBowl,31\nMug 3,2\n")
    with db.scoped(acme.id) as session:
        session.execute(update(Product).where(Product.title == "Bowl").values(status=ProductStatus.IN_REVIEW))
    do(acme, ada, import_id, "start")
    assert [status for _, _, status in rows(acme, import_id)] == ["done", "failed", "done"]


def test_a_stopped_file_can_be_undone(acme: Shop, ada: Vendor) -> None:
    import_id = send(acme, ada, FILE)
    with db.scoped(acme.id, ada.id) as session:
        imports.start(session, imports.lock_import(session, acme.id, ada.id, import_id), actor="vendor_user:1")
    work._work_on_next(acme.id, ada.id, import_id, tell=True)
    do(acme, ada, import_id, "cancel")
    work.carry_on(acme.id, import_id)
    assert list(products(acme)) == ["Mug"]
    do(acme, ada, import_id, "undo")
    assert products(acme) == {}
    assert [status for _, _, status in rows(acme, import_id)] == ["undone", "waiting", "skipped"]
    with pytest.raises(Conflict):
        do(acme, ada, import_id, "undo")


def test_undoing_leaves_what_was_worked_on_since(acme: Shop, ada: Vendor) -> None:
    do(acme, ada, send(acme, ada, FILE), "start")
    text = "Product,Option 1 name,Option 1 value,Price,Stock\nMug,Size,Small,20,9\nMug,,Huge,40,1\nJug,,,5,1\n"
    import_id = send(acme, ada, text + "Vase,,,6,1\nPot,,,7,1\n")
    do(acme, ada, import_id, "start")
    assert products(acme)["Mug"][1] == [(["Small"], 2000, 9), (["Large"], 2450, 3), (["Huge"], 4000, 1)]
    with db.scoped(acme.id) as session:
        session.execute(update(Variant).where(Variant.sku == "M-S").values(stock=7))
        session.execute(update(Product).where(Product.title == "Jug").values(updated_at=clock.now()))
        session.execute(update(Product).where(Product.title == "Vase").values(status=ProductStatus.PUBLISHED))
    do(acme, ada, import_id, "undo")
    left = products(acme)
    assert left["Mug"][1] == [(["Small"], 1800, 7), (["Large"], 2450, 3)]
    assert (left["Jug"][0], left["Vase"][0], "Pot" in left) == ("archived", "published", False)
    assert [status for _, _, status in rows(acme, import_id)] == ["undone", "undone", "kept", "undone"]
    with db.scoped(acme.id) as session:
        mug = session.scalars(select(Product).where(Product.title == "Mug")).one()
        assert mug.options == [{"name": "Size", "values": ["Small", "Large"]}]
        said = session.scalars(select(ProductImportRow.words).where(ProductImportRow.import_id == import_id)).all()
        assert any("changed since: In stock, Small" in words for words in said)


def test_products_on_sale_get_proposals_and_their_stock_at_once(acme: Shop, ada: Vendor) -> None:
    product_id = on_sale(acme, ada, "Vase")
    import_id = send(acme, ada, "Product,Price,Stock,Description\nVase,15,9,Better words.\n")
    do(acme, ada, import_id, "start")
    assert products(acme)["Vase"] == ("published", [([rules.DEFAULT_VALUE], 1000, 9)])
    with db.scoped(acme.id) as session:
        product = session.get_one(Product, product_id)
        proposal = proposals.find_open(session, product)
        assert proposal is not None
        assert {f.split()[0]: change[1] for f, change in proposal.changes.items()} == {
            "price": 1500,
            "description": "<p>Better words.</p>",
        }
    do(acme, ada, import_id, "undo")
    assert products(acme)["Vase"][1] == [([rules.DEFAULT_VALUE], 1000, 4)]
    with db.scoped(acme.id) as session:
        assert proposals.find_open(session, session.get_one(Product, product_id)) is None


def test_a_file_adds_variants_to_a_product_on_sale_as_part_of_the_edit(acme: Shop, ada: Vendor) -> None:
    do(acme, ada, send(acme, ada, FILE), "start")
    with db.scoped(acme.id) as session:
        mug = session.scalars(select(Product).where(Product.title == "Mug")).one()
        mug.status = ProductStatus.PUBLISHED
        product_id = mug.id

    def waiting() -> list[dict[str, object]] | None:
        with db.scoped(acme.id) as session:
            held = proposals.find_open(session, session.get_one(Product, product_id))
            return held.changes["variants"][1] if held else None

    line = "Product,Option 1 name,Option 1 value,SKU,Price,Stock\nMug,Size,{},{},{},2\n"
    first = send(acme, ada, line.format("Huge", "M-H", "30"))
    assert rows(acme, first) == [("Mug", "change", "waiting")]
    do(acme, ada, first, "start")
    assert len(products(acme)["Mug"][1]) == 2, "on sale it stays as it is"
    huge = {"values": ["Huge"], "price": 3000, "sku": "M-H", "stock": 2}
    kept = [{"values": ["Small"]}, {"values": ["Large"]}]
    assert waiting() == [*kept, huge]
    again = send(acme, ada, line.format("Huge", "M-H", "30"))
    assert rows(acme, again) == [("Mug", "same", "skipped")], "it waits already"
    written_otherwise = send(acme, ada, line.format("HUGE", "M-H", "31"))
    do(acme, ada, written_otherwise, "start")
    assert waiting() == [*kept, {**huge, "price": 3100}], "one variant, however it is written"
    do(acme, ada, written_otherwise, "undo")
    second = send(acme, ada, line.format("Tiny", "", "9"))
    do(acme, ada, second, "start")
    tiny = {"values": ["Tiny"], "price": 900, "sku": "", "stock": 2}
    assert waiting() == [*kept, huge, tiny]
    do(acme, ada, second, "undo")
    assert waiting() == [*kept, huge]
    do(acme, ada, first, "undo")
    assert waiting() is None
    assert rows(acme, send(acme, ada, line.format("Free", "", "0"))) == [("Mug", "bad", "skipped")]


def test_a_file_names_pictures_by_their_addresses(acme: Shop, ada: Vendor) -> None:
    one, two = "https://ada.example/one.jpg", "https://ada.example/two.jpg"
    file = f"Product,Price,Picture addresses\nMug,9,{one} {two}\nBowl,9,pictures/bowl.jpg\n"
    import_id = send(acme, ada, file)
    assert rows(acme, import_id) == [("Mug", "create", "waiting"), ("Bowl", "bad", "skipped")]
    do(acme, ada, import_id, "start")

    def addresses() -> list[tuple[str | None, str]]:
        with db.scoped(acme.id) as session:
            found = session.scalars(select(ProductImage).order_by(ProductImage.position)).all()
            return [(image.fetched_from, image.filename) for image in found]

    assert addresses() == [(one, "one.jpg"), (two, "two.jpg")]
    assert rows(acme, send(acme, ada, file))[0] == ("Mug", "same", "skipped")
    more = send(acme, ada, file.replace(two, "https://ada.example/three.png"))
    assert rows(acme, more)[0] == ("Mug", "change", "waiting")
    with db.scoped(acme.id, ada.id) as session:
        summary = queries.get_import(session, acme.id, more, vendor_id=ada.id)
        assert queries.list_rows(session, summary).rows[0].changes == [("Pictures", "", "1 more picture")]
    do(acme, ada, more, "start")
    assert [address for address, _ in addresses()] == [one, two, "https://ada.example/three.png"]
    do(acme, ada, more, "undo")
    assert [address for address, _ in addresses()] == [one, two]


def test_pictures_that_a_file_adds_to_a_product_on_sale_become_an_edit_once_all_are_there(
    acme: Shop, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = "https://ada.example/one.jpg", "https://ada.example/two.jpg"
    product_id = on_sale(acme, ada, "Vase")
    with db.scoped(acme.id) as session:
        product = session.get_one(Product, product_id)
        product.options = [{"name": "Size", "values": ["Small"]}]
        [small] = service.list_variants(session, product)
        small.option_values, variant_id = ["Small"], small.id
        live = {"position": 1, "filename": "a.jpg", "source_url": "x", "url": "https://cdn/a.jpg", "shopify_gid": "a"}
        session.add(ProductImage(shop_id=acme.id, vendor_id=ada.id, product_id=product_id, **live))
    file = (
        f"Product,Option 1 name,Option 1 value,Picture addresses,Variant picture address\nVase,Size,Small,{one},{two}\n"
    )
    import_id = send(acme, ada, file)
    with db.scoped(acme.id, ada.id) as session:
        summary = queries.get_import(session, acme.id, import_id, vendor_id=ada.id)
        planned = queries.list_rows(session, summary).rows[0].changes
        assert planned == [("Pictures", "", "2 more pictures"), ("Picture, Small", "", two)]
    do(acme, ada, import_id, "start")

    def waiting() -> dict[str, Any]:
        with db.scoped(acme.id) as session:
            held = proposals.find_open(session, session.get_one(Product, product_id))
            return {field: change[1] for field, change in held.changes.items()} if held else {}

    def staged() -> list[ProductImage]:
        with db.scoped(acme.id) as session:
            return list(service.list_images(session, session.get_one(Product, product_id), live=False))

    def arrive(image_id: int, gid: str) -> None:
        """Shopify has it; as often as the sweep asks it is proposed once."""
        pictures.note(acme.id, image_id, shopify_gid=gid, url=f"https://cdn/{gid}.jpg")
        for _ in range(2):
            fetching.propose_fetched(acme.id, image_id)

    first, second = [image.id for image in staged()]
    with db.scoped(acme.id) as session:
        session.execute(update(ProductImage).values(created_at=clock.now() - 2 * sweeps._PATIENCE))
    assert sweeps.sweep() == 2
    arrive(first, "b")
    assert waiting() == {}, "the other one is still on its way"
    arrive(second, "c")
    assert [picture["gid"] for picture in waiting()["pictures"]] == ["a", "b", "c"]
    assert sweeps.sweep() == 0, "the job has nothing left to do"
    assert waiting()[f"picture {variant_id}"]["gid"] == "c"
    assert rows(acme, send(acme, ada, file)) == [("Vase", "same", "skipped")], "it waits already"
    do(acme, ada, import_id, "undo")
    assert (waiting(), staged()) == ({}, [])


ONE = "https://ada.example/one.jpg"


def vase(shop: Shop, vendor: Vendor) -> tuple[int, int]:
    """One on sale, small only, which is shown by its only picture "a"; its id and its variant's."""
    product_id = on_sale(shop, vendor, "Vase")
    with db.scoped(shop.id) as session:
        product = session.get_one(Product, product_id)
        product.options = [{"name": "Size", "values": ["Small"]}]
        [small] = service.list_variants(session, product)
        live = {"position": 1, "filename": "a.jpg", "source_url": "x", "url": "https://cdn/a.jpg", "shopify_gid": "a"}
        image = ProductImage(shop_id=shop.id, vendor_id=vendor.id, product_id=product_id, **live)
        session.add(image)
        session.flush()
        small.option_values, small.image_id = ["Small"], image.id
        return product_id, small.id


def bring(shop: Shop, gid: str = "b") -> None:
    """The picture of the last file is there."""
    with db.scoped(shop.id) as session:
        image_id = session.scalars(select(ProductImage.id).order_by(ProductImage.id.desc())).first()
    assert image_id
    pictures.note(shop.id, image_id, shopify_gid=gid, url=f"https://cdn/{gid}.jpg")
    fetching.propose_fetched(shop.id, image_id)


def apply(shop: Shop) -> None:
    """What was accepted is in Shopify."""
    with db.scoped(shop.id) as session:
        for edit in session.scalars(select(ProductProposal).where(ProductProposal.status == "accepted")):
            proposal_sync._finish(session, edit, None)


def settings(shop: Shop, **values: Any) -> None:
    with db.scoped(shop.id) as session:
        session.execute(update(ShopSettings).values(**values))


def wanted(shop: Shop, product_id: int, status: str = "waiting") -> dict[str, Any]:
    """What the edit that waits, or the last that is applied, says."""
    with db.scoped(shop.id) as session:
        mine = select(ProductProposal).where(ProductProposal.product_id == product_id)
        edits = session.scalars(mine.where(ProductProposal.status == status).order_by(ProductProposal.id)).all()
        return {field: change[1] for field, change in edits[-1].changes.items()} if edits else {}


def test_a_price_that_goes_live_at_once_leaves_the_pictures_of_its_file_on_their_way(acme: Shop, ada: Vendor) -> None:
    product_id, _ = vase(acme, ada)
    settings(acme, price_band_bps=5000)
    head = "Product,Option 1 name,Option 1 value,Price,Picture addresses"
    do(acme, ada, send(acme, ada, f"{head}\nVase,Size,Small,11,{ONE}\n"), "start")
    bring(acme)
    assert wanted(acme, product_id) == {}, "the price is still on its way"
    apply(acme)
    assert products(acme)["Vase"][1][0][1] == 1100
    bring(acme)
    assert [picture["gid"] for picture in wanted(acme, product_id)["pictures"]] == ["a", "b"]
    with db.scoped(acme.id) as session:
        proposal = proposals.find_open(session, session.get_one(Product, product_id))
        assert proposal is not None
        proposals.withdraw(session, proposal, actor="vendor_user:1")
        assert service.list_images(session, session.get_one(Product, product_id), live=False) == []


@pytest.mark.parametrize(("action", "left"), [("withdraw", ["a.jpg", "one.jpg"]), ("archive", ["a.jpg"])])
def test_a_draft_takes_over_the_pictures_that_a_file_was_adding_while_it_was_on_sale(
    acme: Shop, ada: Vendor, action: str, left: list[str]
) -> None:
    product_id, variant_id = vase(acme, ada)
    head = "Product,Option 1 name,Option 1 value,Variant picture address"
    do(acme, ada, send(acme, ada, f"{head}\nVase,Size,Small,{ONE}\n"), "start")
    with db.scoped(acme.id, ada.id) as session:
        service.take_back(session, session.get_one(Product, product_id), action, actor="vendor_user:1")
    with db.scoped(acme.id) as session:
        product = session.get_one(Product, product_id)
        images = service.list_images(session, product)
        assert [image.filename for image in images] == left
        assert service.list_images(session, product, live=False) == []
        assert session.get_one(Variant, variant_id).image_id == images[-1].id


@pytest.mark.parametrize("is_live", [False, True])
def test_undoing_gives_a_variant_the_picture_back_that_showed_it_before(
    acme: Shop, ada: Vendor, *, is_live: bool
) -> None:
    product_id, variant_id = vase(acme, ada)
    head = "Product,Option 1 name,Option 1 value,Price,Variant picture address"
    import_id = send(acme, ada, f"{head}\nVase,Size,Small,30,{ONE}\n")
    settings(acme, auto_approve_products=is_live)
    do(acme, ada, import_id, "start")
    apply(acme)
    bring(acme)
    apply(acme)
    field = f"picture {variant_id}"
    assert wanted(acme, product_id, "applied" if is_live else "waiting")[field]["gid"] == "b"
    do(acme, ada, import_id, "undo")
    assert rows(acme, import_id) == [("Vase", "change", "undone")]
    apply(acme)
    if is_live:
        undone = wanted(acme, product_id, "applied")
        assert (undone[field]["gid"], undone[f"price {variant_id}"]) == ("a", 1000)
    with db.scoped(acme.id) as session:
        product = session.get_one(Product, product_id)
        assert proposals.find_open(session, product) is None
        assert [image.shopify_gid for image in service.list_images(session, product)] == ["a"]
        [small] = service.list_variants(session, product)
        assert (small.price_minor, small.image_id is None) == (1000, False)


@pytest.mark.parametrize("is_live", [False, True])
def test_a_file_adds_a_variant_with_its_picture_to_a_product_on_sale(acme: Shop, ada: Vendor, *, is_live: bool) -> None:
    product_id, _ = vase(acme, ada)
    settings(acme, auto_approve_products=is_live)
    head = "Product,Option 1 name,Option 1 value,Price,Stock,Variant picture address"
    file = f"{head}\nVase,Size,Large,30,2,{ONE}\nVase,Size,Huge,40,1,https://cdn/a.jpg\n"
    import_id = send(acme, ada, file)
    with db.scoped(acme.id, ada.id) as session:
        summary = queries.get_import(session, acme.id, import_id, vendor_id=ada.id)
        planned = queries.list_rows(session, summary).rows[0].changes
        assert [change for change in planned if change[2] == ONE] == [("Picture, Large", "", ONE)]
    do(acme, ada, import_id, "start")
    apply(acme)
    bring(acme)
    apply(acme)
    if is_live:
        with db.scoped(acme.id) as session:
            product = session.get_one(Product, product_id)
            gids = {image.id: image.shopify_gid for image in service.list_images(session, product)}
            shown = [gids.get(variant.image_id or 0) for variant in service.list_variants(session, product)]
            assert shown == ["a", "b", "a"]
    else:
        _, large, huge = wanted(acme, product_id)["variants"]
        assert (large["picture"]["gid"], huge["picture"]["gid"]) == ("b", "a")
        assert rows(acme, send(acme, ada, file)) == [("Vase", "same", "skipped")], "it waits already"
        without = file.replace(",Variant picture address", "").replace(f",{ONE}", "").replace(",https://cdn/a.jpg", "")
        assert rows(acme, send(acme, ada, without)) == [("Vase", "same", "skipped")], "what says nothing takes nothing"
    do(acme, ada, import_id, "undo")
    apply(acme)
    assert wanted(acme, product_id) == {}
    assert [values for values, _, _ in products(acme)["Vase"][1]] == [["Small"]]


def test_undoing_takes_a_picture_from_the_new_variant_that_was_given_it(acme: Shop, ada: Vendor) -> None:
    product_id, _ = vase(acme, ada)
    import_id = send(acme, ada, f"Product,Option 1 name,Option 1 value,Picture addresses\nVase,Size,Small,{ONE}\n")
    do(acme, ada, import_id, "start")
    bring(acme)
    with db.scoped(acme.id) as session:
        product = session.get_one(Product, product_id)
        picture = wanted(acme, product_id)["pictures"][1]
        large = {"values": ["Large"], "price": 900, "sku": "", "stock": 1, "picture": picture}
        edit = {"variants": [{"values": ["Small"]}, large], "pictures": wanted(acme, product_id)["pictures"]}
        proposals.propose(session, product, edit, actor="vendor_user:1")
    do(acme, ada, import_id, "undo")
    [_, new] = wanted(acme, product_id)["variants"]
    assert (new["values"], "picture" in new, "pictures" in wanted(acme, product_id)) == (["Large"], False, False)


def test_a_file_chooses_the_picture_of_a_variant_and_takes_its_choice_back(acme: Shop, ada: Vendor) -> None:
    one, two = "https://ada.example/one.jpg", "https://ada.example/two.jpg"
    head = "Product,Option 1 name,Option 1 value,Price,Variant Image\n"
    made = send(acme, ada, f"{head}Mug,Size,S,9,{one}\nMug,Size,L,9,\n")
    do(acme, ada, made, "start")

    def shown() -> list[str | None]:
        with db.scoped(acme.id) as session:
            query = (
                select(ProductImage.fetched_from)
                .select_from(Variant)
                .outerjoin(ProductImage, ProductImage.id == Variant.image_id)
            )
            return list(session.scalars(query.order_by(Variant.position)))

    assert shown() == [one, None]
    other = send(acme, ada, f"{head}Mug,Size,S,9,{two}\nMug,Size,L,9,{one}\n")
    do(acme, ada, other, "start")
    assert shown() == [two, one]
    do(acme, ada, other, "undo")
    assert shown() == [one, None]


def test_undoing_a_new_product_takes_the_pictures_that_came_with_it(acme: Shop, ada: Vendor) -> None:
    import_id = send(
        acme, ada, "Product,Price,Image Src\nMug,9,https://ada.example/one.jpg\nMug,,https://ada.example/2\n"
    )
    do(acme, ada, import_id, "start", "undo")
    assert products(acme) == {}


def test_a_product_whose_edit_is_on_its_way_waits_its_turn(acme: Shop, ada: Vendor) -> None:
    product_id = on_sale(acme, ada, "Vase")
    import_id = send(acme, ada, "Product,Price\nVase,15\nJug,3\n")
    now = clock.now()
    with db.scoped(acme.id) as session:
        hers = {"shop_id": acme.id, "vendor_id": ada.id, "product_id": product_id}
        edit = ProductProposal(**hers, changes={"title": ["Vase", "Vases"]}, sent_by="x", sent_at=now)
        edit.status, edit.taken, edit.decided_at = "accepted", ["title"], now  # type: ignore[assignment]
        session.add(edit)
    do(acme, ada, import_id, "start")
    assert [status for _, _, status in rows(acme, import_id)] == ["waiting", "done"]
    with db.scoped(acme.id) as session:
        session.execute(update(ProductProposal).values(status="applied"))
    work.carry_on(acme.id, import_id)
    assert [status for _, _, status in rows(acme, import_id)] == ["done", "done"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("999999,,,,1", "number"),
        (",Mug,Colour,Red,1", "options are Size"),
        (",Mug,,,1", "which variant"),
        (",Twice,,,1", "several products of this title"),
        (",New,,,1\n,New,,,2", "tell them apart by an option"),
    ],
)
def test_what_cannot_be_placed_is_told(acme: Shop, ada: Vendor, line: str, words: str) -> None:
    do(acme, ada, send(acme, ada, FILE), "start")
    with db.scoped(acme.id) as session:
        for _ in range(2):
            service.create_draft(session, acme, ada, "Twice", actor="vendor_user:1")
    import_id = send(acme, ada, f"Product number,Product,Option 1 name,Option 1 value,Price\n{line}\n")
    with db.scoped(acme.id) as session:
        [row] = session.scalars(select(ProductImportRow).where(ProductImportRow.import_id == import_id)).all()
        assert row.status is ImportRowStatus.SKIPPED
        assert any(words in mistake[2] for mistake in row.mistakes), row.mistakes


def test_another_vendors_products_and_files_are_not_there(acme: Shop, ada: Vendor, bea: Vendor) -> None:
    vase = on_sale(acme, ada, "Vase")
    hers = send(acme, ada, FILE)
    import_id = send(acme, bea, f"Product number,Product,Price\n{vase},,1\n,Vase,2\n")
    assert [(title, action) for title, action, _ in rows(acme, import_id)] == [(str(vase), "bad"), ("Vase", "create")]
    with db.scoped(acme.id, bea.id) as session:
        with pytest.raises(NotFound):
            queries.get_import(session, acme.id, hers, vendor_id=bea.id)
        assert session.get(ProductImport, hers) is None
        assert queries.list_imports(session, acme.id).total == 1


def test_a_file_that_is_too_large_or_empty_is_refused() -> None:
    for content in (b"", b"Product\n", b"x" * (6 * 1024 * 1024)):
        with pytest.raises(ValidationErrors) as refused:
            imports.File("a.csv", content, "USD")
        assert set(refused.value.errors) == {"file"}


def test_a_longer_file_asks_no_more_questions(acme: Shop, ada: Vendor) -> None:
    def cost(count: int) -> int:
        import_id = send(acme, ada, "Product,Price\n" + "".join(f"Mug {n},{n + 1}\n" for n in range(count)))
        asked: list[Any] = []
        with db.scoped(acme.id, ada.id) as session:
            event.listen(session.connection(), "before_cursor_execute", lambda *args: asked.append(args))
            summary = queries.get_import(session, acme.id, import_id, vendor_id=ada.id)
            queries.list_rows(session, summary)
        return len(asked)

    assert cost(2) == cost(30) <= 6


def test_a_number_that_only_looks_like_one_is_none_of_the_vendors(acme: Shop, ada: Vendor) -> None:
    number = send(acme, ada, "Product number,Product,Price\n²,Mug,18.00\n٣,Bowl,18.00\n")
    assert [action for _, action, _ in rows(acme, number)] == ["bad", "bad"]


def test_a_second_file_that_names_a_picture_on_its_way_takes_it_from_no_other_variant(acme: Shop, ada: Vendor) -> None:
    product_id, small = vase(acme, ada)
    with db.scoped(acme.id) as session:
        product = session.get_one(Product, product_id)
        product.options = [{"name": "Size", "values": ["Small", "Large"]}]
        owner = {"shop_id": acme.id, "vendor_id": ada.id, "product_id": product_id, "position": 2}
        session.add(row := Variant(**owner, price_minor=1, currency="USD", option_values=["Large"]))
        session.flush()
        large = row.id
    head = "Product,Option 1 name,Option 1 value,Variant picture address"
    for size in ("Small", "Large"):
        do(acme, ada, send(acme, ada, f"{head}\nVase,Size,{size},{ONE}\n"), "start")
    bring(acme)
    edit = wanted(acme, product_id)
    assert [edit[f"picture {variant_id}"]["gid"] for variant_id in (small, large)] == ["b", "b"]


def test_undoing_says_so_where_a_files_pictures_stay_in_a_product_that_is_reviewed(acme: Shop, ada: Vendor) -> None:
    do(acme, ada, send(acme, ada, FILE), "start")
    import_id = send(acme, ada, f"Product,Picture addresses\nBowl,{ONE}\n")
    do(acme, ada, import_id, "start")
    with db.scoped(acme.id) as session:
        session.execute(update(Product).where(Product.title == "Bowl").values(status=ProductStatus.IN_REVIEW))
    do(acme, ada, import_id, "undo")
    assert rows(acme, import_id) == [("Bowl", "change", "kept")]


def said_of(shop: Shop, import_id: int) -> list[str | None]:
    with db.scoped(shop.id) as session:
        mine = select(ProductImportRow.words).where(ProductImportRow.import_id == import_id)
        return list(session.scalars(mine.order_by(ProductImportRow.position)))


def test_undoing_says_where_nothing_was_left_to_set_back(acme: Shop, ada: Vendor) -> None:
    do(acme, ada, send(acme, ada, FILE), "start")
    first = send(acme, ada, "Product,Price\nBowl,31\n")
    do(acme, ada, first, "start")
    do(acme, ada, send(acme, ada, "Product,Price\nBowl,30\n"), "start")
    do(acme, ada, first, "undo")
    assert said_of(acme, first) == ["It was so already."]
    assert products(acme)["Bowl"][1][0][1] == 3000


def test_undoing_says_where_the_shop_has_to_answer_first(acme: Shop, ada: Vendor) -> None:
    product_id = on_sale(acme, ada, "Vase")
    import_id = send(acme, ada, "Product,Price\nVase,15\n")
    do(acme, ada, import_id, "start")
    with db.scoped(acme.id) as session:
        edit = proposals.find_open(session, session.get_one(Product, product_id))
        assert edit is not None
        proposals.accept_all(session, edit, edit.version, actor="staff:1")
    apply(acme)
    assert products(acme)["Vase"][1][0][1] == 1500
    do(acme, ada, import_id, "undo")
    assert said_of(acme, import_id) == ["Waits for an answer; on sale it stays as it is."]
    assert list(wanted(acme, product_id).values()) == [1000]


def test_a_picture_that_cannot_be_had_is_still_told_when_the_price_of_its_file_is_live(acme: Shop, ada: Vendor) -> None:
    product_id, _ = vase(acme, ada)
    settings(acme, price_band_bps=5000)
    head = "Product,Option 1 name,Option 1 value,Price,Picture addresses"
    do(acme, ada, send(acme, ada, f"{head}\nVase,Size,Small,11,{ONE}\n"), "start")
    with db.scoped(acme.id) as session:
        [image] = service.list_images(session, session.get_one(Product, product_id), live=False)
        image.error = fetching._UNREACHED
    apply(acme)
    assert products(acme)["Vase"][1][0][1] == 1100
    with db.scoped(acme.id) as session:
        staged = service.list_images(session, session.get_one(Product, product_id), live=False)
        assert [image.error for image in staged] == [fetching._UNREACHED]


def test_a_file_of_when_the_shop_had_another_currency_writes_no_price_and_is_shown_in_its_own(
    acme: Shop, ada: Vendor
) -> None:
    product_id, waiting = on_sale(acme, ada, "Mug"), send(acme, ada, "Product,Price\nVase,40.00\n")
    with db.scoped(acme.id) as session:
        session.get_one(ShopSettings, acme.id).auto_approve_products = True
    done = send(acme, ada, "Product,Price\nMug,20.00\nBowl,30.00\n")
    do(acme, ada, done, "start")
    with db.scoped(acme.id) as session:
        session.execute(update(ProductProposal).values(status=ProposalStatus.APPLIED))
        session.execute(update(Variant).where(Variant.product_id == product_id).values(price_minor=2000))
    running = send(acme, ada, "Product,Price\nPlate,50.00\n")
    with db.scoped(acme.id, ada.id) as session:
        imports.start(session, imports.lock_import(session, acme.id, ada.id, running), actor="vendor_user:1")
    with db.scoped(acme.id) as session:
        shop = session.get_one(Shop, acme.id)
        shop.currency, shop.earlier_currencies = "EUR", [["USD", clock.now().isoformat()]]
        session.execute(update(Variant).values(currency="EUR"))
    work.carry_on(acme.id, running)
    assert rows(acme, running) == [("Plate", "create", "failed")]
    with pytest.raises(Conflict, match="sells in EUR now"):
        do(acme, ada, waiting, "start")
    do(acme, ada, done, "undo")
    assert rows(acme, done) == [("Mug", "change", "kept"), ("Bowl", "create", "undone")]
    assert products(acme) == {"Mug": ("published", [([rules.DEFAULT_VALUE], 2000, 4)])}
    with db.scoped(acme.id, ada.id) as session, get_app().test_request_context():
        summary = queries.get_import(session, acme.id, done, vendor_id=ada.id)
        shown = queries.list_rows(session, summary).rows[0]
        assert shown.changes == [("Price", "$10.00", "$20.00")]


def test_a_file_changes_no_product_whose_prices_are_not_in_the_new_currency_yet(acme: Shop, ada: Vendor) -> None:
    do(acme, ada, send(acme, ada, "Product,Price\nBowl,30.00\n"), "start")
    with db.scoped(acme.id) as session:
        shop = session.get_one(Shop, acme.id)
        shop.currency, shop.prices_due_at = "EUR", clock.now()
        shop.earlier_currencies = [["USD", clock.now().isoformat()]]
    acme.currency = "EUR"
    changed = send(acme, ada, "Product,Price\nBowl,25.00\n")
    do(acme, ada, changed, "start")
    assert rows(acme, changed) == [("Bowl", "change", "failed")]
    assert products(acme) == {"Bowl": ("draft", [([rules.DEFAULT_VALUE], 3000, 0)])}

"""A vendor's picture on its way to Shopify, with interruptions."""

import io
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image

from app import db
from app.models.vendors import Vendor, VendorPicture
from app.queue import get_redis
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials
from app.vendors import picture_sync, pictures
from tests.shopify.fake import FakeShopify, data

GID = "gid://shopify/MediaImage/1"
ADDRESS = "https://cdn.shopify.com/s/files/1/vendor.png"
TARGET = {"url": "https://storage.example/up", "resourceUrl": "https://storage.example/up/1", "parameters": []}
READY = data(node={"id": GID, "fileStatus": "READY", "fileErrors": [], "image": {"url": ADDRESS}})


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[httpx.Response]]:
    """Where files are sent: answers 201 unless the test puts other answers in front."""
    answers: list[httpx.Response] = []
    transport = httpx.MockTransport(lambda _request: answers.pop(0) if answers else httpx.Response(201))
    with httpx.Client(transport=transport) as client:
        monkeypatch.setattr("app.shopify.files.get_http", lambda: client)
        yield answers


@pytest.fixture
def shop(connected: ShopCredentials, shopify: FakeShopify, storage: list[httpx.Response]) -> FakeShopify:
    shopify.answer("stagedUploadsCreate", data(stagedUploadsCreate={"stagedTargets": [TARGET], "userErrors": []}))
    made = {"files": [{"id": GID, "fileStatus": "UPLOADED"}], "userErrors": []}
    shopify.answer("fileCreate", data(fileCreate=made))
    shopify.answer("node", READY)
    return shopify


def choose(vendor: Vendor, colour: str = "teal") -> None:
    file = io.BytesIO()
    Image.new("RGB", (60, 60), colour).save(file, "PNG")
    file.seek(0)
    with db.scoped(vendor.shop_id, vendor.id) as session:
        pictures.change_picture(session, session.get_one(Vendor, vendor.id), file, actor="vendor_user:1")


def read(vendor: Vendor) -> tuple[Vendor, VendorPicture]:
    with db.scoped(vendor.shop_id) as session:
        return session.get_one(Vendor, vendor.id), session.get_one(VendorPicture, (vendor.id, "logo"))


def test_a_picture_reaches_the_shop_and_the_page_is_asked_to_follow(shop: FakeShopify, ada: Vendor) -> None:
    choose(ada)
    picture_sync.publish_picture(ada.shop_id, ada.id)
    vendor, picture = read(ada)
    assert (vendor.logo_file_gid, vendor.logo_url) == (GID, ADDRESS)
    assert picture.published_at is not None
    assert vendor.profile_synced_at is None
    assert shop.names() == ["stagedUploadsCreate", "fileCreate", "node"]


def test_doing_it_again_asks_shopify_for_nothing(shop: FakeShopify, ada: Vendor) -> None:
    choose(ada)
    for _ in range(2):
        picture_sync.publish_picture(ada.shop_id, ada.id)
    assert shop.names().count("fileCreate") == 1


def test_a_picture_that_is_not_ready_yet_is_found_by_the_sweep(
    shop: FakeShopify, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_sync, "_POLLS", (0.0, 0.0))
    shop.answer("node", data(node={"id": GID, "fileStatus": "PROCESSING", "fileErrors": [], "image": None}))
    choose(ada)
    picture_sync.publish_picture(ada.shop_id, ada.id)
    assert read(ada)[0].logo_url is None
    get_redis().flushdb()
    assert picture_sync.sweep() == 1
    shop.answer("node", READY)
    picture_sync.publish_picture(ada.shop_id, ada.id)
    assert read(ada)[0].logo_url == ADDRESS
    assert shop.names().count("fileCreate") == 1
    assert picture_sync.sweep() == 0


def test_a_job_that_was_killed_on_the_way_starts_again_under_the_same_name(
    shop: FakeShopify, ada: Vendor, storage: list[httpx.Response]
) -> None:
    choose(ada)
    storage.append(httpx.Response(503))
    with pytest.raises(ShopifyError) as failed:
        picture_sync.publish_picture(ada.shop_id, ada.id)
    assert not failed.value.permanent
    picture_sync.publish_picture(ada.shop_id, ada.id)
    names = [asked["input"][0]["filename"] for name, asked, _ in shop.asked if name == "stagedUploadsCreate"]
    assert len(names) == 2
    assert len(set(names)) == 1
    assert read(ada)[0].logo_url == ADDRESS


def test_a_newer_picture_is_not_overwritten_by_the_one_before(shop: FakeShopify, ada: Vendor) -> None:
    choose(ada, "teal")

    def change_meanwhile(_body: dict[str, object]) -> httpx.Response:
        choose(ada, "crimson")
        return READY

    shop.answer("node", change_meanwhile)
    picture_sync.publish_picture(ada.shop_id, ada.id)
    vendor, picture = read(ada)
    assert vendor.logo_url is None
    assert picture.published_at is None
    assert picture.file_gid is None


def test_a_refusal_is_told_to_the_vendor_and_not_tried_for_ever(shop: FakeShopify, ada: Vendor) -> None:
    refused = {"files": [], "userErrors": [{"field": ["files"], "message": "The image is damaged.", "code": "INVALID"}]}
    shop.answer("fileCreate", data(fileCreate=refused))
    choose(ada)
    picture_sync.publish_picture(ada.shop_id, ada.id)
    assert read(ada)[1].error == "The image is damaged."
    assert picture_sync.sweep() == 0
    choose(ada, "crimson")
    assert read(ada)[1].error is None


def remove(vendor: Vendor) -> None:
    with db.scoped(vendor.shop_id, vendor.id) as session:
        assert pictures.remove_picture(session, session.get_one(Vendor, vendor.id), actor="vendor_user:1")


def find(vendor: Vendor) -> VendorPicture | None:
    with db.scoped(vendor.shop_id) as session:
        return session.get(VendorPicture, (vendor.id, "logo"))


@pytest.mark.parametrize(
    "said", [[], [{"field": ["fileIds", "0"], "message": "It does not exist.", "code": "FILE_DOES_NOT_EXIST"}]]
)
def test_a_removed_picture_leaves_the_shop_and_the_page(
    shop: FakeShopify, ada: Vendor, said: list[dict[str, object]]
) -> None:
    choose(ada)
    picture_sync.publish_picture(ada.shop_id, ada.id)
    remove(ada)
    get_redis().flushdb()
    assert picture_sync.sweep() == 1
    shop.answer("fileDelete", data(fileDelete={"deletedFileIds": [GID], "userErrors": said}))
    picture_sync.publish_picture(ada.shop_id, ada.id)
    with db.scoped(ada.shop_id) as session:
        vendor = session.get_one(Vendor, ada.id)
    assert (vendor.logo_file_gid, vendor.logo_url, find(ada)) == (None, None, None)
    assert [asked["fileIds"] for name, asked, _ in shop.asked if name == "fileDelete"] == [[GID]]


def test_a_picture_that_shopify_never_had_is_just_gone(shop: FakeShopify, ada: Vendor) -> None:
    choose(ada)
    remove(ada)
    picture_sync.publish_picture(ada.shop_id, ada.id)
    assert find(ada) is None
    assert shop.names() == []


def test_a_picture_chosen_while_the_old_one_is_removed_stays(shop: FakeShopify, ada: Vendor) -> None:
    choose(ada)
    picture_sync.publish_picture(ada.shop_id, ada.id)
    remove(ada)

    def change_meanwhile(_body: dict[str, object]) -> httpx.Response:
        choose(ada, "crimson")
        return data(fileDelete={"deletedFileIds": [GID], "userErrors": []})

    shop.answer("fileDelete", change_meanwhile)
    picture_sync.publish_picture(ada.shop_id, ada.id)
    vendor, picture = read(ada)
    assert vendor.logo_file_gid is None
    assert picture.content
    assert picture.published_at is None

"""Pictures named by their addresses: fetched from anywhere in public, looked at, sent on; refused in words."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app import db
from app.hooks import calls
from app.models.products import Product, ProductImage
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import fetching, rules, service
from app.shopify.tokens import ShopCredentials
from jobs import catalogue
from tests.servers import served
from tests.shopify.fake import FakeShopify, data

GID = "gid://shopify/MediaImage/1"
SERVED = "https://cdn.shopify.com/mug.png"


@dataclass
class Shelf:
    """Somebody's server, and Shopify's for uploads: what lies where, and what was sent."""

    url: str = ""
    files: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    held = Shelf()

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.asked.append(self.path)
            status, content = held.files.get(self.path, (404, b""))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", content.decode())
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            held.sent.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with served(Server) as address:
        held.url = address
        yield held


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_PAUSES", (0.0,))


def draw() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(file, "PNG")
    return file.getvalue()


def overfill() -> bytes:
    """A small PNG with a remark that unpacks to two million letters."""
    file, words = io.BytesIO(), PngInfo()
    words.add_text("Comment", "a" * 2_000_000, zip=True)
    Image.new("RGB", (8, 8)).save(file, "PNG", pnginfo=words)
    return file.getvalue()


def name(shop: Shop, vendor: Vendor, address: str) -> int:
    """A draft whose picture lies at `address`; the picture's id."""
    with db.scoped(shop.id) as session:
        product = service.create_draft(session, shop, vendor, "Mug", actor="vendor_user:1")
        fetching.add_addresses(session, product, [address])
        return service.list_images(session, product)[0].id


def read(shop: Shop, image_id: int) -> ProductImage:
    with db.scoped(shop.id) as session:
        return session.get_one(ProductImage, image_id)


def test_a_picture_is_fetched_after_redirects_and_sent_on(
    shelf: Shelf, connected: ShopCredentials, shopify: FakeShopify, acme: Shop, ada: Vendor
) -> None:
    shelf.files = {
        "/a": (302, b"/b"),
        "/b": (302, f"{shelf.url}/Mug%20one.gif".encode()),
        "/Mug%20one.gif": (200, draw()),
    }
    target = {"url": f"{shelf.url}/up", "resourceUrl": "https://storage.example/up/1", "parameters": []}
    shopify.answer("stagedUploadsCreate", data(stagedUploadsCreate={"stagedTargets": [target], "userErrors": []}))
    shopify.answer("fileCreate", data(fileCreate={"files": [{"id": GID, "fileStatus": "UPLOADED"}], "userErrors": []}))
    shopify.answer("node", data(node={"id": GID, "fileStatus": "READY", "fileErrors": [], "image": {"url": SERVED}}))
    image_id = name(acme, ada, f"{shelf.url}/a")
    for _ in range(2):
        catalogue.register_picture(acme.id, image_id)
    image = read(acme, image_id)
    assert (image.url, image.source_url, image.error) == (SERVED, "https://storage.example/up/1", None)
    assert image.filename == "a.png", "named after its address, by what it is"
    assert draw() in shelf.sent[0]
    assert (len(shelf.sent), shelf.asked.count("/a")) == (1, 1)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/gone", "could not be read"),
        ("/round", "could not be read"),
        ("/page", "no JPEG, PNG, WebP or GIF picture"),
        ("/overfull", "no JPEG, PNG, WebP or GIF picture"),
        ("/huge", "is too large"),
    ],
)
def test_what_is_no_picture_to_use_is_told_with_the_picture_and_not_tried_for_ever(
    path: str, words: str, shelf: Shelf, acme: Shop, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MAX_PICTURE_BYTES", 5000)
    shelf.files = {
        "/round": (302, b"/round"),
        "/page": (200, b"<html>"),
        "/overfull": (200, overfill()),
        "/huge": (200, b"x" * 5001),
    }
    image_id = name(acme, ada, shelf.url + path)
    catalogue.register_picture(acme.id, image_id)
    assert words in (read(acme, image_id).error or "")
    asked = len(shelf.asked)
    catalogue.register_picture(acme.id, image_id)
    assert len(shelf.asked) == asked


def test_what_could_not_be_fetched_is_tried_again_when_its_vendor_says_so(
    shelf: Shelf, connected: ShopCredentials, shopify: FakeShopify, acme: Shop, ada: Vendor
) -> None:
    target = {"url": f"{shelf.url}/up", "resourceUrl": "https://storage.example/up/1", "parameters": []}
    shopify.answer("stagedUploadsCreate", data(stagedUploadsCreate={"stagedTargets": [target], "userErrors": []}))
    shopify.answer("fileCreate", data(fileCreate={"files": [{"id": GID, "fileStatus": "UPLOADED"}], "userErrors": []}))
    shopify.answer("node", data(node={"id": GID, "fileStatus": "READY", "fileErrors": [], "image": {"url": SERVED}}))
    image_id = name(acme, ada, f"{shelf.url}/late.png")
    catalogue.register_picture(acme.id, image_id)
    assert "could not be read" in (read(acme, image_id).error or "")
    shelf.files = {"/late.png": (200, draw())}
    with db.scoped(acme.id) as session:
        product = session.get_one(Product, read(acme, image_id).product_id)
        fetching.try_again(session, product, image_id)
    catalogue.register_picture(acme.id, image_id)
    assert (read(acme, image_id).url, read(acme, image_id).error) == (SERVED, None)
    with db.scoped(acme.id) as session:
        image = session.get_one(ProductImage, image_id)
        image.error = "The product has too many"
        fetching.try_again(session, session.get_one(Product, image.product_id), image_id)
    assert read(acme, image_id).shopify_gid == GID, "what is there is not fetched again"


def test_redirects_get_no_time_of_their_own(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.files = {"/a": (302, b"/b"), "/b": (200, b"here")}
    monkeypatch.setattr(calls, "_DOWNLOAD_SECONDS", 0.0)
    with pytest.raises(ValueError, match="takes too long"):
        calls.download(f"{shelf.url}/a", 1000)
    assert shelf.asked == []


def test_nothing_is_fetched_from_our_own_network(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "allows_this_machine", lambda: False)
    for address in (
        shelf.url,
        shelf.url.replace("http", "https"),
        "https://169.254.169.254/latest",
        "ftp://example.com/a",
    ):
        with pytest.raises(ValueError, match=r"Only https|not a public address"):
            calls.download(address, 1000)
    assert shelf.asked == []

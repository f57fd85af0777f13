"""Ada's order from the development store, and her browser."""

from tests.orders.conftest import goods, post, store
from tests.portal.conftest import adas_browser, app, browser

__all__ = ["adas_browser", "app", "browser", "goods", "post", "store"]

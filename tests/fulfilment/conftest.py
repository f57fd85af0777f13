"""Ada's orders come from the development store; she works on them in her browser."""

from tests.orders.conftest import goods, post, store
from tests.portal.conftest import adas_browser, app

__all__ = ["adas_browser", "app", "goods", "post", "store"]

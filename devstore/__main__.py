"""`python -m devstore`: every port of the development store in one process."""

import logging
from collections.abc import Iterable
from typing import Any

import waitress

from devstore import config as configuration
from devstore import seed, server
from devstore.store import Store
from devstore.webhooks import Courier


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    config = configuration.load()
    config.data.mkdir(parents=True, exist_ok=True)
    store = Store(config.data / "store.sqlite3")
    seed.deploy(store, config)
    courier = Courier(store)
    sites = {str(config.port): server.create_app(config, store, courier)}
    sites |= {str(port): server.create_storefront(config, store, shop) for shop, port in config.storefronts.items()}

    def by_port(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return sites[environ["SERVER_PORT"]](environ, start_response)

    courier.start()
    listen = " ".join(f"127.0.0.1:{port}" for port in sites)
    # Who speaks to this machine's own address may say where its visitor comes from: storefront/proxy.py.
    waitress.serve(by_port, listen=listen, threads=24, ident=None, clear_untrusted_proxy_headers=False)


if __name__ == "__main__":
    main()

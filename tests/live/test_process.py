"""The live server as an operator starts it."""

import asyncio
from pathlib import Path

from app import queue
from app.live import channels
from bench import servers
from bench.live.pages import open_pages
from tests.ports import free_ports

PAGES = 1300


def test_more_pages_stay_open_than_a_web_server_expects_requests(tmp_path: Path, database: str) -> None:
    (port,) = free_ports(1)
    env = servers.environment(tmp_path, database, queue.redis_url(), SECRET_KEYS="a-test-key")
    live = servers.start(["app.cli", "live", "--port", str(port)], env, tmp_path / "log")
    try:
        ticket = channels.stock_ticket(1, 7)
        assert asyncio.run(_count_open(port, ticket)) == PAGES
    finally:
        servers.end(live)


async def _count_open(port: int, ticket: str) -> int:
    for _ in range(2400):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await writer.wait_closed()
            break
    hearing = await open_pages(port, ticket, PAGES)
    count = hearing.open
    hearing.close()
    await asyncio.sleep(0.1)
    return count

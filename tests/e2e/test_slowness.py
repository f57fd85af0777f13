"""What the browser's tests themselves rest on: tests/e2e/slowness.py."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e import slowness


def test_a_window_that_does_not_close_is_told_of(
    open_browser: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = open_browser().context

    async def never(**_: Any) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(context._impl_obj, "close", never)
    monkeypatch.setattr(slowness, "PATIENCE", 100)
    with pytest.warns(UserWarning, match="did not close"):
        slowness.close(context)

"""The app that tests ask. To make one costs more than most tests, so those with the same settings share it.

Whatever a test changes stands in its database, or in what its monkeypatch takes back.
"""

from collections import deque

from flask import Flask

from app.config import Config, get_config
from wsgi import create_app

_made: deque[tuple[Config, Flask]] = deque(maxlen=4)


def get_app() -> Flask:
    """The app with the settings of this moment."""
    settings = get_config()
    for made_with, app in _made:
        if made_with == settings:
            return app
    _made.append((settings, create_app()))
    return _made[-1][1]

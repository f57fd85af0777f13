"""The web application. `create_app` is the only place that knows every blueprint."""

from flask import Blueprint, Flask

from app import web
from app.appearance import jinja

BLUEPRINTS: list[Blueprint] = []


def create_app() -> Flask:
    """The Flask application, with every page behind its door."""
    app = Flask("app", static_folder="static", template_folder="templates")
    app.config["MAX_CONTENT_LENGTH"] = 25 * 1024 * 1024
    web.configure(app)
    jinja.register(app)
    for bp in BLUEPRINTS:
        web.register(app, bp)
    return app

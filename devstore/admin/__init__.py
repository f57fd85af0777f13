"""The store's admin: the shell with its own pages, the frame the app lives in, and the scripts a CDN would serve."""

from devstore.admin import apps, blocks, content, pages, scripts, themes
from devstore.admin.shell import bp

__all__ = ["apps", "blocks", "bp", "content", "pages", "scripts", "themes"]

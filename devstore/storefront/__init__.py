"""The shops' storefronts: a demo theme rendered as Shopify renders one, with the app's theme extension in it."""

from flask import Blueprint

from devstore.storefront import account_pages, accounts, ajax, checkout, pixels, proxy, session, views

bp = Blueprint("storefront", __name__)
for part in (views.bp, ajax.bp, accounts.bp, account_pages.bp, checkout.bp, pixels.bp, proxy.bp):
    bp.register_blueprint(part)
bp.after_request(session.remember_cart)

"""The web application. `create_app` is the only place that knows every blueprint."""

import gc
from typing import TYPE_CHECKING

from flask import Blueprint, Flask

from app import health, logs, metrics, refusals, structures, web
from app.account import views as account
from app.api import docs as api_docs
from app.api import portal as portal_api
from app.api import resources as api
from app.api import views as api_tokens
from app.appearance import jinja
from app.auth import hosts, merchant, portal, staff
from app.books import adjustment_views, ledger_views
from app.books import portal as portal_books
from app.books import views as books
from app.codes import portal as portal_codes
from app.codes import proxy as codes_proxy
from app.codes import views as codes
from app.commissions import list_views as commission_list
from app.commissions import money_views
from app.commissions import views as commissions
from app.emails import intake as email_deliveries
from app.emails import views as emails
from app.emails import wording_views as email_wordings
from app.fulfilment import cancel_views, pickup_views, portal_cancel, portal_packing, portal_ready
from app.fulfilment import portal as portal_fulfilment
from app.home import audit_views
from app.home import views as home
from app.hooks import views as hooks
from app.inbox import delivery_views as deliveries
from app.inbox import views as inbox
from app.journey import intake as pixel_intake
from app.journey import portal as portal_journey
from app.journey import views as journey
from app.live.pages import live_since, live_url
from app.mailings import letters as mailing_letters
from app.mailings import proxy as mailings_proxy
from app.mailings import views as mailings
from app.messages import intake as received_mails
from app.messages import portal as portal_messages
from app.messages import views as order_messages
from app.notices import portal as portal_notices
from app.notices import views as notices
from app.notices.queries import count_for_page
from app.orders import block as order_block
from app.orders import decision_views
from app.orders import portal as portal_orders
from app.orders import views as orders
from app.payouts import archive_views as paper_archives
from app.payouts import invoice_views as fee_invoices
from app.payouts import portal as portal_money
from app.payouts import portal_movements, portal_papers
from app.payouts import settings_views as payout_settings
from app.payouts import views as payouts
from app.portal import holiday as portal_holiday
from app.portal import join as portal_join
from app.portal import login as portal_login
from app.portal import page_words, visit_views
from app.portal import pages as portal_pages
from app.portal import profile as portal_profile
from app.portal import proxy as portal_proxy
from app.portal import questions as portal_questions
from app.portal import security as portal_security
from app.portal import staff as portal_staff
from app.portal import verify as portal_verify
from app.portal import visits as portal_visits
from app.privacy import views as privacy
from app.products import (
    approval_views,
    channel_views,
    location_views,
    portal_categories,
    portal_edits,
    portal_pictures,
    reply_views,
    review,
    review_edits,
)
from app.products import portal as portal_products
from app.products import proxy as products_proxy
from app.products import views as products
from app.products.imports import portal as portal_imports
from app.products.imports import views as product_imports
from app.questions import letters as question_letters
from app.questions import portal as portal_customer_questions
from app.questions import proxy as questions_proxy
from app.questions import views as questions
from app.reviews import letters as review_letters
from app.reviews import portal as portal_reviews
from app.reviews import proxy as reviews_proxy
from app.reviews import views as vendor_reviews
from app.shops import staff_views
from app.shops import views as shops
from app.storefront import proxy as storefront_proxy
from app.storefront.front import SyncFront
from app.vendors import invitation_views, question_views
from app.vendors import proxy as vendors_proxy
from app.vendors import views as vendors
from webhooks.intake import WebhookIntake
from webhooks.later import answer_later

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BLUEPRINTS: list[Blueprint] = [
    health.bp,
    merchant.bp,
    home.bp,
    audit_views.bp,
    notices.bp,
    portal_notices.bp,
    inbox.bp,
    deliveries.bp,
    hooks.bp,
    staff_views.bp,
    shops.bp,
    invitation_views.bp,
    question_views.bp,
    vendors.bp,
    vendors_proxy.bp,
    products.bp,
    channel_views.bp,
    location_views.bp,
    review.bp,
    review_edits.bp,
    approval_views.bp,
    reply_views.bp,
    products_proxy.bp,
    storefront_proxy.bp,
    pixel_intake.bp,
    journey.bp,
    portal_journey.bp,
    portal_products.bp,
    portal_imports.bp,
    product_imports.bp,
    portal_categories.bp,
    portal_edits.bp,
    portal_pictures.bp,
    vendor_reviews.bp,
    reviews_proxy.bp,
    review_letters.bp,
    portal_reviews.bp,
    mailings.bp,
    mailings_proxy.bp,
    mailing_letters.confirming,
    mailing_letters.stopping,
    questions.bp,
    question_letters.bp,
    questions_proxy.bp,
    portal_customer_questions.bp,
    codes.bp,
    portal_codes.bp,
    codes_proxy.bp,
    account.bp,
    orders.bp,
    decision_views.bp,
    commissions.bp,
    commission_list.bp,
    money_views.bp,
    payouts.bp,
    paper_archives.bp,
    payout_settings.bp,
    fee_invoices.bp,
    books.bp,
    ledger_views.bp,
    adjustment_views.bp,
    portal_books.bp,
    portal_orders.bp,
    portal_fulfilment.bp,
    portal_packing.bp,
    portal_ready.bp,
    pickup_views.bp,
    pickup_views.senders_bp,
    portal_cancel.bp,
    cancel_views.bp,
    order_block.bp,
    portal_messages.bp,
    order_messages.bp,
    received_mails.hook,
    received_mails.page,
    portal_money.bp,
    portal_movements.bp,
    portal_papers.bp,
    email_wordings.bp,
    email_deliveries.bp,
    emails.bp,
    privacy.bp,
    portal_holiday.bp,
    portal_join.bp,
    portal_login.bp,
    portal_pages.bp,
    portal_profile.bp,
    page_words.bp,
    portal_questions.bp,
    portal_security.bp,
    portal_staff.bp,
    portal_verify.bp,
    portal_visits.bp,
    visit_views.bp,
    portal_proxy.bp,
    api.bp,
    api_tokens.bp,
    portal_api.bp,
    api_docs.bp,
]


def create_app() -> Flask:
    """The Flask application, with every page behind its door."""
    app = Flask("app", static_folder="static", template_folder="templates")
    app.config["MAX_CONTENT_LENGTH"] = 25 * 1024 * 1024
    web.configure(app)
    refusals.register(app)
    jinja.register(app)
    app.jinja_env.globals.update(live_url=live_url, live_since=live_since, may=portal.may, may_open=portal.may_open)
    app.jinja_env.globals.update(who=staff.who, staff_may_open=merchant.may_open, unread_notices=count_for_page)
    app.before_request(hosts.lead_to_the_right_host)
    for bp in BLUEPRINTS:
        web.register(app, bp)
    app.wsgi_app = SyncFront(app.wsgi_app)  # type: ignore[method-assign, assignment]
    structures.look_at_all()
    return app


def create_server() -> "WSGIApplication":
    """What a server process runs: webhooks are taken in front of Flask."""
    logs.configure()
    metrics.publish_forever("web")
    server = WebhookIntake(create_app())
    answer_later()
    # What was imported stays for good: to look through it for garbage would hold up requests.
    gc.freeze()
    return server

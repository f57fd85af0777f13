"""What the log calls changes and what they are about; the vendors' own are in merchant/vendors/_states.html."""

from typing import Final

DEEDS: Final = {
    "settings.change": "Settings changed",
    "settings.hide_guide": "Set-up guide hidden",
    "settings.show_guide": "Set-up guide shown",
    "money_settings.change": "Money settings changed",
    "vendor_terms.change": "A vendor's money settings changed",
    "vendor_group.save": "Vendor group saved",
    "vendor_group.remove": "Vendor group removed",
    "vendor.adjust": "Balance adjusted",
    "vendor.take_back_adjustment": "Adjustment taken back",
    "vendor.plan_holiday": "Holiday planned",
    "vendor.end_holiday": "Holiday ended",
    "vendor.ask_payout_details": "Change of payout details asked for",
    "commission_rule.add": "Commission rule added",
    "commission_rule.change": "Commission rule changed",
    "commission_rule.remove": "Commission rule removed",
    "commission_rule.restore": "Commission rule restored",
    "commission_rule.move": "Commission rules put in another order",
    "commission_rule.reorder": "Commission rules put in another order",
    "commission_rule.drop_plan": "Planned change of commission dropped",
    "payout_schedule.change": "Payout days changed",
    "payout_rails.change": "Ways of paying changed",
    "payer_account.change": "Paying account changed",
    "payout_batch.open": "Payouts prepared",
    "payout.approve": "Payout approved",
    "payout.make_file": "Payout written to a bank file",
    "payout.mark_sent": "Payout marked as sent",
    "fee_invoices.settings": "Fee invoices set up",
    "fee_invoices.issue": "Fee invoices issued",
    "hold.release": "Hold released",
    "difference.reread": "Order read again",
    "order.ship": "Parcel sent",
    "order.ship_discard": "Parcel not sent after all",
    "order.message": "Message about an order",
    "order.lift_flag": "Order checked",
    "order.ask_to_cancel": "Cancellation asked for",
    "order.cancel_items": "Items cancelled",
    "order.cancel_approved": "Cancellation approved",
    "order.cancel_declined": "Cancellation declined",
    "order.cancel_withdrawn": "Cancellation withdrawn",
    "product.edit_in_shopify": "Product edited in Shopify",
    "product.edit_send_back": "Edit of a product sent back",
    "import.read": "Product file read",
    "import.start": "Product file taken over",
    "import.cancel": "Product file stopped",
    "import.undo": "Product file undone",
    "saved_reply.save": "Saved reply kept",
    "saved_reply.remove": "Saved reply removed",
    "review.settings": "Settings of reviews changed",
    "email.change_words": "Words of an e-mail changed",
    "email.reset_words": "Words of an e-mail reset",
    "event.replay": "Event handled again",
    "event.replay_many": "Events handled again",
    "event.replay_subscriber": "Event told again",
    "event.tell_again": "Events told again",
    "event.clean_up": "Old events removed",
    "hook.add": "Call to another system added",
    "hook.change": "Call to another system changed",
    "hook.pause": "Call to another system paused",
    "hook.resume": "Call to another system resumed",
    "hook.remove": "Call to another system removed",
    "hook.renew_secret": "Secret of a call renewed",
    "hook.send_again": "Call sent again",
    "api_token.make": "API token made",
    "api_token.revoke": "API token revoked",
    "privacy.download": "A customer's data downloaded",
}
SUBJECTS: Final = {
    "fulfilment": "Parcel",
    "api_token": "API token",
    "vendor_user": "Person",
    "approval_rule": "Approval rule",
    "commission_rule": "Commission rule",
    "inbox_event": "Event",
    "import": "Product file",
}


def name_deed(action: str, own: dict[str, str]) -> str:
    """The words for an action; `own` are those of the vendors' history. An unknown one is said as it is called."""
    return DEEDS.get(action) or own.get(action) or action.replace(".", ": ").replace("_", " ").capitalize()


def name_subject(subject_type: str) -> str:
    return SUBJECTS.get(subject_type) or subject_type.replace("_", " ").capitalize()

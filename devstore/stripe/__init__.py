"""Stripe as a Connect platform sees it: balance, connected accounts, transfers, payouts (docs.stripe.com/api)."""

"""PayPal as a payouts client sees it: tokens, batches and items (developer.paypal.com, Payouts API v1)."""

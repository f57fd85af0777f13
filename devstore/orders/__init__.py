"""Orders of the development store: checkout, payments, refunds, fulfilment and the admin pages of orders."""

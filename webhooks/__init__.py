"""What Shopify tells us: stored first, then routed by topic."""

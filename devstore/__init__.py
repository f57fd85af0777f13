"""A Shopify store on the developer's machine. It speaks HTTP and never imports the app."""

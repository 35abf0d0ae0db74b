"""Every read of orders, by subject."""

"""What regulations are and what may happen to them."""

"""Papers that leave and enter the house: printed forms, and the tables people keep in Excel."""

"""Every read of staff, by subject."""

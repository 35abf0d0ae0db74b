"""The rules of staff."""

"""The rules of quality."""

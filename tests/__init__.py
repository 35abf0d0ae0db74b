"""Behaviour, proven through the real database and the real bus."""

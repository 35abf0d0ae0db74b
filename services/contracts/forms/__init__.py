"""Contracts on paper."""

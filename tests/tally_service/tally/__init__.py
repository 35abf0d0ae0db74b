"""Tally: counts whatever it is told to count; the smallest service that uses the whole spine."""

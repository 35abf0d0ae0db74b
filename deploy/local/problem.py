"""What the person at the terminal has to know."""


class Problem(Exception):
    """Something the user can put right; the message says what is wrong and what to do about it."""

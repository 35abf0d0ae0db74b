"""The HTTP door: who asks, what was asked, and what is answered; it knows no rule."""

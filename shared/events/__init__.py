"""What the services tell each other: one module per publisher, each event declared once."""

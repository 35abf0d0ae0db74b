"""The spine every service stands on: events, domain shapes, store, bus, web door. It knows no service."""

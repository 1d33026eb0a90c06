"""The HTTP side: `api/` for machines and programs; only here are status codes known."""

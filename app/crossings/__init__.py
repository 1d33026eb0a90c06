"""Crossings as received, and what was concluded of them."""

"""Telling other systems, by webhooks, of violations that were found or changed."""

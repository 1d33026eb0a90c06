"""Violations: what officers find, and later decide on."""

"""Authenticators that differ from those of the packages they are from."""

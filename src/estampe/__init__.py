"""Estampe: an open, self-hosted event platform for marketing actions."""

__version__ = "0.1.0"

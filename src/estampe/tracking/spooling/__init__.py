"""Spooling: visits, kept on the disk until they are events."""

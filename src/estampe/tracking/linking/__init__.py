"""Linking: what leads from a message to us, made, written into HTML, and read back."""

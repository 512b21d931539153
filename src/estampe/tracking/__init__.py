"""Tracking: what people do with messages becomes events."""

"""Tracking: what people do with messages becomes events."""

from estampe.tracking.unsubscribing import NoSuchMessage, Unsubscribing

__all__ = ["NoSuchMessage", "Unsubscribing"]

"""Tracking: what people do with messages becomes events."""

from estampe.tracking.unsubscribing import PATH, NoSuchMessage, Unsubscribing

__all__ = ["PATH", "NoSuchMessage", "Unsubscribing"]

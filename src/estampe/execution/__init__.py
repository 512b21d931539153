"""Execution: from an accepted message to its activation or cancellation."""

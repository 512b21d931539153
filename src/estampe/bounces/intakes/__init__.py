"""Intakes: the doors by which reports come; each lets go of a mail only after it was taken for good."""

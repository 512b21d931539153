"""The root of every error that Estampe raises; each fact has its class where the fact is known."""


class EstampeError(Exception):
    """Something that Estampe was asked to do could not be done; the message says how to mend it."""

"""Broken mails: reading them must not fail, hang, take unbounded memory, or report what is ill-formed."""

"""Relaying: letters are handed over to SMTP servers, over connections that are kept."""

"""Composing: from an order to a signed letter, in processes with limits that no template can leave."""

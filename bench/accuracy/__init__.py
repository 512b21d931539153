"""How often reports of known meaning are read right."""

"""Bounces: reads the reports that mail servers send back, and makes events of them."""

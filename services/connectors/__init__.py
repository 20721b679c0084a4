"""Connectors: talks to practice-management systems, and owns what it knows of them."""

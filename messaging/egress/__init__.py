"""Addresses that requests to other systems may go to: checked, names resolved once."""

"""Deciding: a batch in its transaction, a query, the checks, the inbox."""

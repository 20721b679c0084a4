"""Tokens: the file that holds their hashes, and looking up whose a request is."""

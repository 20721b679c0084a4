"""Who may ask: tokens, the file that holds their hashes, and looking up whose a request is."""

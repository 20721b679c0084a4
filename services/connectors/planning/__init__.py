"""Plans: the steps for a row that changed there. Pure: what is known is passed in."""

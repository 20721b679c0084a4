"""What is to be done about a row that changed there. Pure: what is known is passed in."""

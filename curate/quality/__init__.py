"""Article filters: which language a text is in, and whether it is an article, and good enough."""

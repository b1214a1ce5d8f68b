"""After the search: which models to keep, which to trust, and how far."""

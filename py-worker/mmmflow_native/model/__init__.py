"""The model: transformations, ridge, errors; one candidate or many."""

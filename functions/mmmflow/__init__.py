"""mmmflow: marketing mix models, trained as data arrives."""

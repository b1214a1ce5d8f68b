"""Response curves and the budget allocator."""

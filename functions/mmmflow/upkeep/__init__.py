"""What an operator does now and then: delete, migrate, move a run elsewhere."""

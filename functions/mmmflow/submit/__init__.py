"""What people and systems ask for: validated, answered once, made."""

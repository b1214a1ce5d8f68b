"""What a run leaves: tables, pictures, report, summary."""

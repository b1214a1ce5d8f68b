"""What waits, what is queued, and the slots that limit what runs."""

"""Champions, their leaderboards and comparisons; the end of a batch."""

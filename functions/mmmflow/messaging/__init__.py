"""Events in, messages out, and what could not be delivered."""

"""What a run is given: configuration and data, read, checked and prepared."""

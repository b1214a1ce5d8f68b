"""The Robyn engine: Meta's package in R, behind the contract of engines."""

"""The native engine: Robyn's marketing mix model, exact and fast.

A folder in, a folder out; `python -m mmmflow_native --help`.
"""

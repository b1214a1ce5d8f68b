"""The supervisor: runs any engine on the worker contract."""

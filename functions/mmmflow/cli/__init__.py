"""The command line `mmmflow`: one module a group of commands.

Every command but `run` and `serve` is a client of the HTTP API, of a local
or a deployed system alike. Nothing heavy is imported before it is used: the
help is there at once.
"""

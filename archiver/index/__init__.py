"""The index: a SQL projection of the log, for queries. It can be made again from the store at any time."""

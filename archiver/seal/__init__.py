"""What proves a snapshot: statements, signatures and keys, and the log as a tree with its tiles and checkpoints."""

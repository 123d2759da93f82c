"""The report on a snapshot, for people: what it says follows from what is signed and stored, and from nothing else."""

"""Many models at once: which files, each looked at apart from the others, and what came of each."""

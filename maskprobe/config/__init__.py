"""Settings of a project: read from its files, checked, and merged with those of the command line."""

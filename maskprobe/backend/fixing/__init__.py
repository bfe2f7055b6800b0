"""Models made again from a changed config, saved, and compared with what they were."""

"""One call of a trace in full: what came in, what it did and why, who reads it, what it costs, how to mend it."""

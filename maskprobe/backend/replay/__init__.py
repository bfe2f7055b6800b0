"""The second witness: calls run again on noise, and what moves."""

"""What Keras's losses are for each step, and the ways of making one number of them; all in NumPy."""

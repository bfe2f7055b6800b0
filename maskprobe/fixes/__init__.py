"""What mends a fault: one file each, as changes of a model's config, without Keras. Nothing is run."""

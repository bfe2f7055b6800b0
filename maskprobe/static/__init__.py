"""Masks and padding read off a saved model's config alone: no TensorFlow, and nothing of the model is run."""

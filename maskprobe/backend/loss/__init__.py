"""The compiled loss and metrics of a model, computed on made-up or given targets."""

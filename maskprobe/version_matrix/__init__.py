"""What one saved model does under each Keras: calls and the loss in rows, versions in columns."""

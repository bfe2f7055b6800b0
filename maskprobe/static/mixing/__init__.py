"""What mixes time steps: where padding could go in each call, by what the layer is said to do."""

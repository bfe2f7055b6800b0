"""The smallest model that still shows a finding, as a script of plain Keras."""

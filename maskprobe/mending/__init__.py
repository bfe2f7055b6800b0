"""From a finding to a model that is mended, and the proof that it is."""

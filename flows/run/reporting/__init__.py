"""Record and report of a run, and every problem with its reason."""

"""Planning of a run: files, changes since the last run, and due results."""

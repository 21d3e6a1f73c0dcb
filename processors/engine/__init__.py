"""Planning of due results, and deriving them in one pass over each source."""

"""A store, and releases, in an S3 bucket."""

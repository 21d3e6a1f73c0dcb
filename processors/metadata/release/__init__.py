"""What `release.toml` says of a release and its files."""

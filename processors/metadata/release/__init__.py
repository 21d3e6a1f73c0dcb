"""Statements of `release.toml` about a release and its files, and its template."""

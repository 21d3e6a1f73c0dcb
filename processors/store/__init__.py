"""Storage of results: plain files with a manifest, and a disposable catalogue. Above metadata."""

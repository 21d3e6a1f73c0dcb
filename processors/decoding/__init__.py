"""Opening of files for the libraries that decode them, and translation of their errors. Above formats."""

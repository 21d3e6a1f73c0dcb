"""The offline gallery over a store or a pack."""

"""Dask cluster as a place for batches and for checks of a store."""

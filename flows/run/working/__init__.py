"""Batches of due sources, made in processes with limits."""

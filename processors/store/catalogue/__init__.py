"""Catalogue of a store: its tables, the queries of them, and how they are rebuilt."""

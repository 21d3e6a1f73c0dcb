"""Media packs: chosen items with their words, rights and provenance, bundled for someone."""

"""Media packs: selected items with texts, rights and provenance, bundled for an audience. Above engine."""

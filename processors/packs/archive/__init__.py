"""Writing and reading packs: BagIt bags as folders and ZIP files."""

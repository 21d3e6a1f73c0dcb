"""Writing and reading of packs: BagIt bags as folders and ZIP files."""

"""Raw files: finding them below a folder, and opening them safely."""

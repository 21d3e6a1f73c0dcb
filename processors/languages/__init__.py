"""Words of packs and page, one TOML file a language, and texts by language. On the ground."""

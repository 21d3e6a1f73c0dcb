"""Languages: the words of packs and of the page, one TOML file a language, and texts by language.

Above contract, processor_names.
"""

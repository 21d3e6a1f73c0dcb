"""Layout of files: chunks, boxes, pages, tables, and what they declare; nothing is decoded here.

Above contract, processor_names.
"""

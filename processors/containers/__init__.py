"""Layout of files: chunks, boxes, pages, and what they declare; nothing is decoded here. Above tables."""

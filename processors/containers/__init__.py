"""What the containers of sound declare and hold; nothing is decoded here."""

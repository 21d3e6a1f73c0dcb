"""Wheel tracks in photos: the prints of grousers, seen from above and in perspective."""

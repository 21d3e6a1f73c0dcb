"""One source: planning its due results with the media and the store, and deriving them in one pass.

Above store, video, audio, photo, metadata, sample.
"""

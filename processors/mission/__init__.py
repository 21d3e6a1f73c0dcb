"""Time on Mars, dates, and mission profiles with a source for each fact.

Above containers, planetary, imaging, languages, clip_writer, av_frames, ordered_executor, tables.
"""

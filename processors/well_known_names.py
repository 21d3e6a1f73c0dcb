"""Names of processors that rooms use without knowing the processor: the store, commands. On the ground."""

EVIDENCE, METADATA = "evidence", "metadata"
FRAMES, CONTACT_SHEET = "video.frames", "video.contact_sheet"
MEASUREMENTS, INTEGRITY = "video.measurements", "video.integrity"
SHOTS, MOTION = "video.shots", "video.motion"
LEVELS, ENVELOPE = "audio.levels", "audio.envelope"
SPECTROGRAM, SPECTROGRAM_PICTURE = "audio.spectrogram", "audio.spectrogram_picture"
PHOTO_PREVIEW, PHOTO_ENHANCED, PHOTO_QUALITY = "photo.preview", "photo.enhanced", "photo.quality"

"""Credits inside the files of a pack: XMP and IPTC in pictures, tags in the containers of video and audio."""

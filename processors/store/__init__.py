"""Where results live: plain files with a manifest, and a catalogue that can be thrown away."""

"""Power spectrogram, and what is made from it: pictures, spectra, tiles, video."""

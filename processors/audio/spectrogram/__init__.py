"""Power spectrogram and results made from it: pictures, spectra, tiles, video."""

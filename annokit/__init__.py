"""annokit: labelled images and video from any platform, in one typed model."""

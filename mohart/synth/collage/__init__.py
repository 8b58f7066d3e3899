"""Cut-and-paste training video: objects cut out of real pictures over photographs and video."""

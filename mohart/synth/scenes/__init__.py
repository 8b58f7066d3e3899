"""Generated video: textures, sprites, motion, camera, rendering."""

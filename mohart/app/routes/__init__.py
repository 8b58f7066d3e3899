"""What the browser may ask for, and the checks of what it sends."""

"""One time step, and the model that repeats it."""

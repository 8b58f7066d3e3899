"""EquiVAE on digits: a test bench of routing."""

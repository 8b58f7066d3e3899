"""Training video put together from real pictures: cut-out objects over photographs and video."""

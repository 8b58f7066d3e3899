"""What layers know: neural stethoscopes that only listen (analytic mode), and their findings."""

"""Looking into models: who acts on whom, how wide a latent must be."""

"""How engines enforce policies: the policies of a cluster -> those that mean there what the engine does."""

"""Several records of one connection: who opened it, which of them counts it, whose bytes count."""

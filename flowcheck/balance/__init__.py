"""How evenly Services carried their load: counted, expected, assessed, told."""

"""How evenly Services carried their load: counted, expected, tested, told."""

"""How a suggestion looks: the policies themselves, and what is told of them."""

"""Object stores: what is named by a URI, listed a level at a time, fetched whole or in part, and put
there."""

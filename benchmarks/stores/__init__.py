"""What it costs that flows lie in a store and not on the disk."""

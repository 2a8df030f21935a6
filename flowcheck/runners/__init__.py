"""Where the pieces are put together: plan tasks, run them in worker processes, merge what comes back."""

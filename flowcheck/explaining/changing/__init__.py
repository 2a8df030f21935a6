"""Rules to add, in the language of the policy that denied: one file a language."""

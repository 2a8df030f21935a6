"""What routes of a mesh or a gateway divide, and what proxies choose: held against what was counted."""

"""Objects that say how proxies of a mesh or a gateway divide what clients dial."""

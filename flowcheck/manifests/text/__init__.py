"""YAML and JSON text to trees that know their lines."""

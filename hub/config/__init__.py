"""The configuration: config.yaml read strictly, the electrical drawing in it, and adoption into it."""

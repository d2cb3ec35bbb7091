"""The way up: what this hub keeps goes to one or more cloud operators, and their commands come down."""

"""The HTTP toolkit: the hub's listener, its pages, and the local door for the command line."""

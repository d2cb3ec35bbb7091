"""The balance room: shares the current of every fuse between the cars, and never plans above a limit."""

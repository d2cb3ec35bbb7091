"""The reference operator's side: keeps what a fleet of hubs pushes, exactly once in effect. Knows only the wire."""

"""A whole charging site on the real protocols: `world` is the physics, `devices` are the emulators on the wire."""

"""A whole charging site that speaks the real protocols: `world` is the physics, `devices` are the emulators on the wire."""

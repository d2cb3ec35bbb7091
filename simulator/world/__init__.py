"""Pure physics of a site, stepped by `dt_s`: cars, outlets, house, sun and circuits. No clock, no I/O, no asyncio."""

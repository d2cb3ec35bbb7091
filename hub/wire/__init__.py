"""Other people's formats, without any knowledge of ours. Imports nothing of evhub but itself."""

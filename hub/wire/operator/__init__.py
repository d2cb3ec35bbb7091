"""What goes between a hub and a cloud operator: messages, their schemas, their topics. Knows nothing of either side."""

"""Access: who may operate the hub. People with passwords, programs with tokens, and the audit book."""

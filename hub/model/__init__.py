"""Frozen values and facts: the words that every part of evhub shares. Imports nothing of evhub."""

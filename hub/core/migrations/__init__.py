"""How a database that exists gets the tables of today, step by step: one file in `versions` for each step."""

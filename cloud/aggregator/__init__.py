"""The aggregator: takes what hubs push from a broker or over HTTP, keeps it in PostgreSQL, and acknowledges it then.

It holds no state of its own: any number of them may run on the same stream and the same database, and any of them may
be killed at any moment. What it may lose was not acknowledged, and the hub sends it again.
"""

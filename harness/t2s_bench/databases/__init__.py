"""Databases: schema, values, digests."""

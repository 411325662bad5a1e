"""Decoded artifacts to rows. Pure: no I/O, no clock; the same input always gives the same rows."""

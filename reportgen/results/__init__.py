"""Stores results as Parquet and JSON, written atomically and resumable. Reading them runs no plug-in code."""

"""Results on disk: Parquet and JSON, atomic, resumable; reading them runs no code."""

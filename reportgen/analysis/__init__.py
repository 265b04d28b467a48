"""What the results say: pure functions from tables to tables, and from tables to sentences."""

"""Assertions for the test suites of optimizer libraries."""

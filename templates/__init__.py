"""The templates of the report's pages, installed as ``reportgen.templates``."""

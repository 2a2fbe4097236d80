"""What is kept: the response log, the decisions, importers of foreign formats, and the embedded course."""

"""The encoder of texts: a transformer whose weights come from a folder or a package, never from the web unasked."""

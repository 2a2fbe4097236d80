"""The routes, one topic a file; each offers a blueprint for a `Service`."""

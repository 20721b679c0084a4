"""All that an author of a resource writes against: handler, reader, workspace, pages."""

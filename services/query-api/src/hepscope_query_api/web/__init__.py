"""The HTTP shell around the API: hosts, headers, paths, pages and documentation."""

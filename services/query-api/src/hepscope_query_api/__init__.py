"""Query API and web page."""

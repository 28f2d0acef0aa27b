"""From query parameters to SQL: patterns, predicates, paging, and the read-only database."""

"""Storage writer: bus records to PostgreSQL."""

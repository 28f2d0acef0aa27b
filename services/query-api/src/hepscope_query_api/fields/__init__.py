"""Fields that lists can be filtered by, and the values that calls have in them."""

"""The one error of migrations."""


class MigrationError(RuntimeError):
    """The schema could not be migrated; the message is one line for the operator."""

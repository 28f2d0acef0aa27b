"""The one error of migrations, and how others are told in one line."""


class MigrationError(RuntimeError):
    """The schema could not be migrated; the message is one line for the operator."""


def first_line(error: Exception) -> str:
    """Return what an error says, without details and hints below it."""
    return (str(error).splitlines() or [type(error).__name__])[0]

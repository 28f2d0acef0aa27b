"""Pages of ``docs/`` that are generated from the code and compared with it in CI."""

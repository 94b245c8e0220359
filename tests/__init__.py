"""A package, so that tests import `tests.engine.build` whatever else called "tests" is installed."""

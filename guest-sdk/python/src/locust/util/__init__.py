"""Small helpers under Locust's module names."""

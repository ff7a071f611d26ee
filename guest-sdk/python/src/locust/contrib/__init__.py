"""What Locust keeps under `locust.contrib`: here the fast client.

Upstream: authors who import `locust.contrib.fasthttp`.
"""

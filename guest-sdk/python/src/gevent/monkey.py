"""`gevent.monkey`: there is nothing to patch, the host suspends a user that waits."""


def patch_all(*_: object, **__: object) -> bool:
    """Does nothing."""
    return True


patch_socket = patch_ssl = patch_thread = patch_time = patch_select = patch_all

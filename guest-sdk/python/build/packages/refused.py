"""What the author is told instead of an installation. Upstream: the other modules here. Downstream: `__main__.py`."""


class Refused(Exception):
    """One sentence; below it lines of pip's, and what to do."""

    def __init__(self, sentence: str, details: list[str] | None = None, hint: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence, self.details, self.hint = sentence, details or [], hint

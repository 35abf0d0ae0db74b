"""An article of the catalogue."""

from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID, uuid5

from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.events.orders import ArticleListed

CATALOGUE = UUID("6f1d6a0e-6d0b-5b0e-9d27-3f0c5d0a1e01")


class ArticleStatus(StrEnum):
    NEW = "new"
    LISTED = "listed"


class Article(Aggregate):
    """货号: one article with its specification, model, grade and colour number (ORD-1)."""

    TABLE = "articles"
    ENTITY = "article"
    START = ArticleStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {ArticleListed: Step({ArticleStatus.NEW}, ArticleStatus.LISTED)}

    status: ArticleStatus
    article: str
    name: str
    specification: str
    model: str
    grade: str
    colour_number: str
    unit: str
    standard: str
    in_production: bool

    @classmethod
    def enter(cls, article: str, **fields: object) -> Self:
        """Enter an article in the catalogue; its id follows from its code, so that it is entered once."""
        listed = cls.begin(uuid5(CATALOGUE, article), article=article, **fields)
        listed.record(ArticleListed.model_validate(listed, from_attributes=True))
        return listed

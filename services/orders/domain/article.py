"""An article of the catalogue."""

from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID, uuid5

from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.refusals import RuleBroken
from shared.events.orders import ArticleEnteredProduction, ArticleListed

CATALOGUE = UUID("6f1d6a0e-6d0b-5b0e-9d27-3f0c5d0a1e01")


class ArticleStatus(StrEnum):
    NEW = "new"
    LISTED = "listed"


class Article(Aggregate):
    """货号: one article with its specification, model, grade and colour number (ORD-1).

    In production, or a new variety that has yet to pass its trial (ORD-8).
    """

    TABLE = "articles"
    ENTITY = "article"
    START = ArticleStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        ArticleListed: Step({ArticleStatus.NEW}, ArticleStatus.LISTED),
        ArticleEnteredProduction: Step({ArticleStatus.LISTED}),
    }

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

    @staticmethod
    def id_of(article: str) -> UUID:
        """The id of the article with this code."""
        return uuid5(CATALOGUE, article)

    @classmethod
    def enter(cls, article: str, **fields: object) -> Self:
        """Enter an article in the catalogue; its id follows from its code, so that it is entered once."""
        listed = cls.begin(cls.id_of(article), article=article, **fields)
        listed.record(ArticleListed.model_validate(listed, from_attributes=True))
        return listed

    def must_be_a_new_variety(self, **fields: object) -> None:
        """Only what is not produced yet is tried, and as it stands in the catalogue (ORD-1, ORD-8)."""
        if self.in_production:
            raise RuleBroken("ORD-8", "article {article} is in production; it needs no trial", article=self.article)
        if any(getattr(self, name) != value for name, value in fields.items()):
            raise RuleBroken("ORD-1", "article {article} is listed otherwise", article=self.article)

    def enter_production(self) -> None:
        """Its trial is accepted: it may be ordered (ORD-8); of two trials that are accepted the first one says it."""
        if not self.in_production:
            self.in_production = True
            self.record(ArticleEnteredProduction(article=self.article))

"""New varieties: a customer's sample plate, the trial's result, their acceptance."""

from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from services.orders.api.access import SELLERS, own_client, own_customer
from services.orders.domain.article import Article
from services.orders.domain.trial import Trial, TrialStatus
from services.orders.views import production as views
from services.orders.views.customers import customer_owner
from services.orders.views.reading import one
from shared.domain.actor import INSIDE, Actor, Post
from shared.domain.refusals import Forbidden
from shared.web.asking import Body, Name, Reason, Text
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(tags=["trials"])

Requester = Annotated[Actor, Depends(admit(*SELLERS))]
Production = Annotated[Actor, Depends(admit(Post.PRODUCTION))]
Answerer = Annotated[Actor, Depends(admit(*SELLERS, Post.CUSTOMER, Post.PARTNER))]
TrialChange = Annotated[Change[Trial], Depends(change_of(Trial))]


class RequestTrial(Body):
    """A variety nobody has produced, as it will stand in the catalogue, and the customer's sample plate (样板)."""

    customer_id: UUID
    article: Annotated[str, Field(min_length=1, max_length=40)]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    specification: Annotated[str, Field(min_length=1, max_length=60)]
    model: Annotated[str, Field(min_length=1, max_length=60)]
    grade: Literal["优等品", "一级品", "合格品"]
    colour_number: Annotated[str, Field(min_length=1, max_length=20)]
    unit: Literal["m²", "片"]
    standard: Annotated[str, Field(max_length=60)]
    sample_plate: Annotated[Text, Field(description="What the plate shows, or under which number it is kept")]

    @property
    def variety(self) -> dict[str, str]:
        """The fields of the article, without its code."""
        return self.model_dump(exclude={"customer_id", "article", "sample_plate"})


class Result(Body):
    succeeded: bool
    result: Text


class Accept(Body):
    accepted_by: Annotated[Name, Field(description="Who of the customer accepts the trial")]


@router.post("/trials", status_code=201, response_model=Trial)
async def request_trial(body: RequestTrial, by: Requester, change: TrialChange, request: Request) -> Response:
    """Send a sample plate to trial production; the variety enters the catalogue as not in production (ORD-1, ORD-8)."""
    owner = await customer_owner(request.app.state.pool, body.customer_id)
    own_client(by, owner)
    async with change.together() as both:
        known = await both.work.find(Article, Article.id_of(body.article))
        if known is None:
            both.work.begin(Article.enter(body.article, **body.variety, in_production=False))
        else:
            known.must_be_a_new_variety(**body.variety)
        both.main = Trial.request(
            change.new_id(),
            customer_id=body.customer_id,
            salesperson=by.id if by.holds(Post.SALESPERSON) else owner,
            article=body.article,
            sample_plate=body.sample_plate,
            by=by,
            at=change.at,
        )
    return change.answer


@router.get("/trials")
async def list_trials(
    request: Request,
    anyone: Anyone,
    page: Paged,
    status: TrialStatus | None = None,
    customer_id: UUID | None = None,
    article: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Trials, newest first; salespeople see their own, customers and partners theirs."""
    trials = partial(
        views.trials,
        request.app.state.pool,
        status=status,
        customer_id=customer_id,
        article=article,
        customers=anyone.customers if anyone.outside else None,
        salespeople=anyone.people if anyone.only_sells else None,
    )
    return await listed(request, page, trials, Trial)


@router.get("/trials/{trial_id}", response_model=Trial)
async def show_trial(trial_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One trial."""
    text = await one(request.app.state.pool, views.TRIAL, "trial", trial_id)
    trial = Trial.model_validate_json(text)
    own_trial(anyone, trial, *INSIDE)
    return document(text, trial.version)


@router.post("/trials/{trial_id}/result", response_model=Trial)
async def enter_result(trial_id: UUID, body: Result, by: Production, change: TrialChange) -> Response:
    """What came of the trial (ORD-8)."""
    async with change(trial_id) as trial:
        trial.produce(body.succeeded, body.result, by, change.at)
    return change.answer


@router.post("/trials/{trial_id}/accept", response_model=Trial)
async def accept_trial(trial_id: UUID, body: Accept, by: Answerer, change: TrialChange) -> Response:
    """The customer accepts: from now on the variety can be ordered (ORD-8)."""
    async with change.together(trial_id) as both:
        own_trial(by, both.main, *SELLERS)
        both.main.accept(body.accepted_by, by, change.at)
        article = await both.work.get(Article, Article.id_of(both.main.article))
        article.enter_production()
    return change.answer


@router.post("/trials/{trial_id}/reject", response_model=Trial)
async def reject_trial(trial_id: UUID, body: Reason, by: Answerer, change: TrialChange) -> Response:
    """The customer does not accept what was produced (ORD-8)."""
    async with change(trial_id) as trial:
        own_trial(by, trial, *SELLERS)
        trial.reject(body.reason, by, change.at)
    return change.answer


def own_trial(actor: Actor, trial: Trial, *posts: Post) -> None:
    """Customers and partners have to do with theirs; a salesperson who is nothing else inside, with their own."""
    own_customer(actor, trial.customer_id, *posts)
    mine = trial.salesperson in actor.people or trial.customer_id in actor.customers
    if actor.only_sells and not mine:
        raise Forbidden("this trial is not yours")

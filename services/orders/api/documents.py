"""Papers kept with an order: whoever may see the order may see them and add to them."""

import asyncio
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Form, Request, Response

from services.orders.api.access import own_order
from services.orders.domain.order import Order
from services.orders.domain.order_document import ENDINGS, DocumentKind, OrderDocument
from services.orders.views import documents as views
from services.orders.views.orders import ORDER
from services.orders.views.reading import one
from shared.domain.actor import Actor
from shared.web.asking import Uploaded
from shared.web.change import Change, change_of
from shared.web.identity import Anyone
from shared.web.paging import Paged, listed
from shared.web.papers import file_headers
from shared.web.routes import Routes

router = Routes(prefix="/orders/{order_id}/documents", tags=["documents"])

DocumentChange = Annotated[Change[OrderDocument], Depends(change_of(OrderDocument))]


@router.post("", status_code=201, response_model=OrderDocument)
async def file_document(
    order_id: UUID,
    file: Uploaded,
    kind: Annotated[DocumentKind, Form()],
    anyone: Anyone,
    change: DocumentChange,
    request: Request,
) -> Response:
    """Keep a paper with its order: PDF, PNG, JPEG or XLSX, at most 10 MB (ORD-18)."""
    await _see(order_id, anyone, request)
    paper = await asyncio.to_thread(
        OrderDocument.file, change.new_id(), order_id, kind, file.name, file.content, anyone, change.at
    )
    async with change.together() as both:
        both.main = paper
        both.work.project(views.KEEP_CONTENT, paper.id, file.content)
    return change.answer


@router.get("")
async def list_documents(order_id: UUID, request: Request, anyone: Anyone, page: Paged) -> Response:
    """The papers of an order, newest first."""
    await _see(order_id, anyone, request)
    documents = partial(views.documents, request.app.state.pool, order_id=order_id)
    return await listed(request, page, documents, OrderDocument)


@router.get("/{document_id}", response_class=Response)
async def show_document(order_id: UUID, document_id: UUID, request: Request, anyone: Anyone) -> Response:
    """The paper itself, byte by byte as it came in."""
    await _see(order_id, anyone, request)
    pool = request.app.state.pool
    paper = OrderDocument.model_validate_json(await one(pool, views.DOCUMENT, "order document", document_id, order_id))
    content: Any = await pool.fetchval(views.CONTENT, document_id)
    headers = file_headers(ENDINGS[paper.media_type], paper.name.rpartition(".")[0] or paper.name)
    return Response(content, headers=headers | {"X-Content-Type-Options": "nosniff"}, media_type=paper.media_type)


async def _see(order_id: UUID, anyone: Actor, request: Request) -> None:
    text = await one(request.app.state.pool, ORDER, "order", order_id)
    own_order(anyone, Order.model_validate_json(text))

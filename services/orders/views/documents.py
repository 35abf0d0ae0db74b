"""Papers kept with orders."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from shared.persistence.pool import Reader
from shared.web.paging import Page

DOCUMENTS = "SELECT id, document FROM order_documents WHERE order_id = $3 AND id < $1 ORDER BY id DESC LIMIT $2"

DOCUMENT = "SELECT document FROM order_documents WHERE id = $1 AND order_id = $2"

CONTENT = "SELECT content FROM order_files WHERE document_id = $1"

KEEP_CONTENT = "INSERT INTO order_files (document_id, content) VALUES ($1, $2)"


async def documents(reader: Reader, page: Page, *, order_id: UUID) -> Sequence[asyncpg.Record]:
    """The papers of an order, newest first, one more than the page shows."""
    return await reader.fetch(DOCUMENTS, page.before, page.fetch, order_id)

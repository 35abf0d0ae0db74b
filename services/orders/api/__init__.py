"""The HTTP door of orders, by subject."""

from fastapi import APIRouter

from services.orders.api import catalogue, orders, payments, stock

router = APIRouter()
for part in (catalogue, stock, orders, payments):
    router.include_router(part.router)

"""The HTTP door of orders, by subject."""

from services.orders.api import catalogue, orders, payments, stock

routers = [catalogue.router, stock.router, orders.router, payments.router]

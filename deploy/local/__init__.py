"""The whole product on one machine: PostgreSQL, NATS, every service as its own process, and `xiaofu`."""

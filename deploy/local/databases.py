"""A database and a role per service; a role reaches its own database and no other."""

from collections.abc import Mapping

import asyncpg

from deploy.local.problem import Problem

# Names and passwords cannot be parameters of CREATE ROLE: the server itself quotes them, with format().
NEW_ROLE = """
    SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD %L', $1::text, $2::text)
"""
NEW_PASSWORD = "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)"
NEW_DATABASE = "SELECT format('CREATE DATABASE %I OWNER %I', $1::text, $1::text)"
CLOSE = "SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', $1::text)"
OPEN_TO_ALL = """
    SELECT datname FROM pg_database
    WHERE EXISTS (SELECT FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE grantee = 0)
"""


async def provide(superuser_url: str, passwords: Mapping[str, str]) -> None:
    """Make the roles and databases that are missing, and close every database to PUBLIC. Idempotent."""
    try:
        connection = await asyncpg.connect(superuser_url)
    except asyncpg.InvalidPasswordError as error:
        raise Problem(
            "The database does not accept the password in credentials.json; the two do not belong together."
            " Put the right file back, or start anew with `xiaofu reset`."
        ) from error
    try:
        roles = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        databases = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for name, password in passwords.items():
            role = NEW_PASSWORD if name in roles else NEW_ROLE
            await connection.execute(await connection.fetchval(role, name, password))
            if name not in databases:
                await connection.execute(await connection.fetchval(NEW_DATABASE, name))
        for row in await connection.fetch(OPEN_TO_ALL):
            await connection.execute(await connection.fetchval(CLOSE, row["datname"]))
    finally:
        await connection.close()

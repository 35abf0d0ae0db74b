"""`python -m deploy.local` is `xiaofu`."""

from deploy.local.command import app

app()

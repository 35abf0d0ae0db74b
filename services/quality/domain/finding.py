"""What a department has found."""

from datetime import datetime

from pydantic import BaseModel

from services.quality.domain.department_task import Department


class Finding(BaseModel):
    """An entry in a department's section of the form; a later one stands beside it, nothing is overwritten (QUA-2).

    `cause` is a code of the catalogue.
    """

    department: Department
    cause: str
    finding: str
    found_by: str
    found_at: datetime

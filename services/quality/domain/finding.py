"""What a department found, and the catalogue of causes."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel

from services.quality.domain.department_task import Department


class Cause(StrEnum):
    """原因: where the defect comes from (QUA-3)."""

    RAW_MATERIAL = "raw_material"
    GLAZING = "glazing"
    FIRING = "firing"
    GRADING = "grading"
    PACKING = "packing"
    STORAGE = "storage"
    TRANSPORT = "transport"
    INSTALLATION = "installation"
    USE = "use"
    OTHER = "other"


class Finding(BaseModel):
    """An entry in a department's section of the form; a later one stands beside it, nothing is overwritten (QUA-2)."""

    department: Department
    cause: Cause
    finding: str
    found_by: str
    found_at: datetime

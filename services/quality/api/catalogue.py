"""The catalogue of causes and methods."""

from fastapi import Request

from services.quality.domain.catalogue import Catalogue, catalogue
from shared.web.asking import Insider
from shared.web.routes import Routes

router = Routes(prefix="/causes", tags=["investigations"])


@router.get("", response_model=Catalogue)
async def show_causes(request: Request, insider: Insider) -> Catalogue:
    """Causes and methods by their codes, with titles in Chinese and English (QUA-3)."""
    return catalogue()

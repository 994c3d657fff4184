"""Request bodies as checked values: strict, closed, and silent about what was sent."""

from __future__ import annotations

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from lmscompliance.kernel.errors import InvalidInput

MAX_BODY_BYTES = 256 * 1024

M = TypeVar("M", bound=BaseModel)


class Body(BaseModel):
    """Base for request bodies: no coercion, no unknown members, no input echoed in errors."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True, frozen=True)


def json_body(model: type[M]) -> M:
    """Return the request's JSON as ``model``, strictly and without unknown members.

    Raises ``InvalidInput`` naming each offending field and the kind of fault, never the value: a refused
    ID number must not come back in a response or land in a log.
    """
    request.max_content_length = MAX_BODY_BYTES
    try:
        return model.model_validate_json(request.get_data(), strict=True, extra="forbid")
    except RequestEntityTooLarge:
        raise InvalidInput("web.body_too_large", limit=MAX_BODY_BYTES // 1024) from None
    except ValidationError as error:
        faults = [
            {"field": ".".join(str(part) for part in fault["loc"]) or "body", "fault": fault["type"]}
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        fields = ", ".join(f"{fault['field']} ({fault['fault']})" for fault in faults[:5])
        raise InvalidInput("web.bad_body", fields=fields, faults=faults[:20]) from None

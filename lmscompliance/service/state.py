"""What service mode's app keeps beside the product's own state."""

from __future__ import annotations

from dataclasses import dataclass

from lmscompliance.learning.presence.sms import SmsSender

STATE = "compliance_service"


@dataclass(frozen=True, slots=True)
class ServiceState:
    """``sms`` sends codes to trainees' phones."""

    sms: SmsSender

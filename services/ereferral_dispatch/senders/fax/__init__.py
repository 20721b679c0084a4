"""The fax channel: through a fax service that takes mail, or through Sinch's fax interface."""

from services.ereferral_dispatch.senders.fax.mail import FaxMailSender
from services.ereferral_dispatch.senders.fax.sinch import SinchFaxSender

__all__ = ["FaxMailSender", "SinchFaxSender"]

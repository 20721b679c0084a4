"""Reading this service's audit trail about a patient."""

from contracts.patient_trail import GET_EREFERRAL_TRAIL
from messaging.handlers.reader import reads
from messaging.trail.reading import read_trail, whose

READERS = [reads(GET_EREFERRAL_TRAIL, read_trail, find_patients=whose)]

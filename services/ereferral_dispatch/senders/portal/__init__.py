"""The portal channel: a FHIR bundle, signed and posted to the partner's endpoint."""

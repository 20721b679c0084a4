"""The referral in the terms of FHIR R4: our own small models, and the bundles a portal is sent."""

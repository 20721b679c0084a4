"""The addresses that the other systems' makers have their APIs at."""

OPENDENTAL = "https://api.opendental.com/api/v1"
ALFADOCS = "https://app.alfadocs.com/api/v1"
ALFADOCS_AUTHORIZE = "https://app.alfadocs.com/oauth2/authorize"
ALFADOCS_TOKEN = "https://app.alfadocs.com/oauth2/token"  # noqa: S105 (a URL)

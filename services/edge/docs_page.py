"""`/docs`: the OpenAPI document as a page (Swagger UI), with nothing from any other host.

The page's own policy says so, too: a browser would load and run nothing else.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

PATH: Final = "/docs"
ASSETS: Final = "/docs-assets"
"""Where Swagger UI's own files are served."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# Paths are relative: a proxy may serve it all below a prefix.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Handoff: the HTTP interface</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs-assets/swagger-ui.css">
<link rel="stylesheet" href="docs/page.css">
</head>
<body>
<main id="swagger-ui"></main>
<noscript>This page needs JavaScript; <a href="openapi.json">the document</a> does not.</noscript>
<script src="docs-assets/swagger-ui-bundle.js"></script>
<script src="docs/page.js"></script>
</body>
</html>
"""
_SCRIPT = """const dark = matchMedia("(prefers-color-scheme: dark)");
const showScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", showScheme);
showScheme();
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  filter: true,
  validatorUrl: null,
});
"""
# Swagger UI is made for wide, light windows: long names break, and nothing is wider than a phone.
_STYLE = """:root { color-scheme: light dark; }
body { margin: 0; }
noscript { display: block; padding: 1rem; font-family: sans-serif; }
.swagger-ui .opblock-tag, .swagger-ui .info .title { overflow-wrap: anywhere; }
.swagger-ui .scheme-container { border: none; box-shadow: none; padding: 0; background: none; }
@media (max-width: 640px) {
  .swagger-ui .wrapper { padding: 0 10px; }
  .swagger-ui .opblock-tag { padding: 10px 0; font-size: 20px; }
  .swagger-ui .opblock .opblock-summary { flex-wrap: wrap; }
  .swagger-ui .opblock .opblock-summary-method { min-width: 64px; padding: 6px 0; }
  .swagger-ui .opblock .opblock-summary-path { max-width: none; }
  .swagger-ui .parameters-col_description input, .swagger-ui .parameters-col_description select,
  .swagger-ui .filter .operation-filter-input { max-width: 100%; box-sizing: border-box; }
  .swagger-ui table, .swagger-ui .model-box, .swagger-ui .models .model-container {
    display: block; max-width: 100%; overflow-x: auto; box-sizing: border-box;
  }
}
"""


def add_page(app: Starlette) -> None:
    """Serve the page with its script and style; Swagger UI's own files are the app's to serve."""
    for path, content_type, text in (
        (PATH, "text/html", _PAGE),
        (f"{PATH}/page.js", "text/javascript", _SCRIPT),
        (f"{PATH}/page.css", "text/css", _STYLE),
    ):
        app.add_route(path, _serving(text, content_type), methods=["GET"], include_in_schema=False)


def _serving(text: str, content_type: str) -> Callable[[Request], Awaitable[Response]]:
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}

    async def serve(_: Request) -> Response:
        return Response(text, media_type=content_type, headers=headers)

    return serve

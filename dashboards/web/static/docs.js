// Shows the description of REST with Swagger UI, which the server has. Nothing is asked of other hosts: the
// validator that Swagger UI would send the description to is off.

window.SwaggerUIBundle({
  dom_id: "#docs",
  url: "/api/openapi.json",
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
});

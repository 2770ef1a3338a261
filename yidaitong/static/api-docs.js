// Start Swagger UI on our own document; nothing is asked of other hosts.
document.addEventListener("DOMContentLoaded", () => {
  const target = document.getElementById("api");
  window.SwaggerUIBundle({
    url: target.dataset.document,
    domNode: target,
    validatorUrl: null,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
  });
});

"use strict";

// Samples call the address that the reader has open, not the one that openapi.json was made with.
const SAMPLE_SERVER = "http://127.0.0.1:8080";

const HOUR = 3_600_000;

// Forms start with what happened this hour and the last; whatever else is optional is there, but off.
function prefill(api) {
  const hour = Date.now() - (Date.now() % HOUR);
  const start = new Date(hour - HOUR).toISOString();
  const end = new Date(hour + HOUR).toISOString();
  const on = { start, end, reactivityStart: start, reactivityEnd: end, sort: "asc", id: undefined };
  const operations = Object.values(api.paths).flatMap((path) => Object.values(path));
  for (const parameter of operations.flatMap((operation) => operation.parameters ?? [])) {
    const value = on[parameter.name] ?? parameter.example;
    parameter.examples = { default: { value, "x-disabled": !(parameter.required || parameter.name in on) } };
    delete parameter.example;
  }
}

async function show() {
  const server = new URL(".", location.href).href.replace(/\/$/, "");
  const response = await fetch("openapi.json");
  const text = await response.text();
  const api = JSON.parse(text.replaceAll(SAMPLE_SERVER, server));
  prefill(api);
  Scalar.createApiReference("#reference", {
    content: api,
    baseServerURL: server,
    authentication: { preferredSecurityScheme: Object.keys(api.components.securitySchemes)[0] },

    // Nothing is asked of anyone else.
    agent: { disabled: true },
    hideClientButton: true,
    mcp: { disabled: true },
    showDeveloperTools: "never",
    telemetry: false,
    withDefaultFonts: false,

    // Our samples, in the order that we write things.
    hiddenClients: true,
    documentDownloadType: "json",
    modelsSectionLabel: "Schemas",
    operationTitleSource: "path",
    orderSchemaPropertiesBy: "preserve",

    defaultOpenFirstTag: false,
    metaData: { title: "Estampe API" },
    theme: "none",
  });
}

show();

"use strict";

// Samples call the address that the reader has open, not the one that openapi.json was made with.
const SAMPLE_SERVER = "http://127.0.0.1:8080";

const HOUR = 3_600_000;

// Forms start with what happened this hour and the last; whatever else is optional is there, but off.
function prefill(api) {
  const hour = Date.now() - (Date.now() % HOUR);
  const [start, end] = [hour - HOUR, hour + HOUR].map((time) => new Date(time).toISOString().replace(".000", ""));
  const on = { start, end, reactivityStart: start, reactivityEnd: end, sort: "asc", id: undefined };
  const holders = Object.values(api.paths).flatMap((path) => [path, ...Object.values(path)]);
  const listed = holders.flatMap((holder) => holder.parameters ?? []).filter((parameter) => !parameter.$ref);
  for (const parameter of [...listed, ...Object.values(api.components.parameters ?? {})]) {
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
